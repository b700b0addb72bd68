//! Whose error it was: an uncaught one says where in which script it was thrown.

/// Where the scripts of a micro-frontend come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) id: String,
    /// The address of its module.
    pub(super) url: String,
    /// The folder of that, if it is one that a page would not serve everything from.
    pub(super) base: Option<String>,
}

impl Source {
    /// `url` is absolute.
    pub(super) fn new(id: &str, url: &str) -> Self {
        Self {
            id: id.to_owned(),
            url: url.to_owned(),
            base: base(url),
        }
    }

    /// How much of the start of an address speaks for this one.
    fn claim(&self, text: &str) -> Option<usize> {
        let by_url = text.contains(&self.url).then_some(self.url.len());
        let in_base = |base: &String| text.contains(base.as_str()).then_some(base.len());
        by_url.max(self.base.as_ref().and_then(in_base))
    }
}

/// The folder of a module, with its `/`. An address right below the origin has none of its own.
fn base(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?;
    let (scheme, rest) = path.split_once("://")?;
    let (folder, _) = rest.rsplit_once('/')?;
    (!scheme.is_empty() && folder.contains('/')).then(|| format!("{scheme}://{folder}/"))
}

/// The micro-frontend whose script threw: the first frame of the stack that lies in one counts, or
/// else the file that the event names. Where folders are nested, the inner one is meant.
pub(super) fn blame<'s>(sources: &'s [Source], file: &str, stack: &str) -> Option<&'s str> {
    stack.lines().chain([file]).find_map(|line| {
        let claims = sources
            .iter()
            .filter_map(|source| Some((source.claim(line)?, source)));
        let best = claims.max_by_key(|(length, _)| *length);
        best.map(|(_, source)| source.id.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Vec<Source> {
        vec![
            Source::new("cart", "https://shop.example/mfe/cart/1.0.0/index.js"),
            Source::new("wishes", "https://shop.example/mfe/cart/1.0.0/wishes/w.js"),
            Source::new("root", "https://shop.example/root.js"),
            Source::new("text", "data:text/javascript,throw%201"),
        ]
    }

    #[test]
    fn the_innermost_frame_of_a_micro_frontend_is_to_blame() {
        let stack = "Error: no\n    at f (https://shop.example/app.js:1:1)\n    \
            at g (https://shop.example/mfe/cart/1.0.0/chunk-3.js:7:9)\n    \
            at h (https://shop.example/root.js:2:2)";
        assert_eq!(
            blame(&sources(), "https://shop.example/root.js", stack),
            Some("cart")
        );
    }

    #[test]
    fn the_inner_of_nested_folders_is_meant() {
        let file = "https://shop.example/mfe/cart/1.0.0/wishes/chunk.js";
        assert_eq!(blame(&sources(), file, ""), Some("wishes"));
    }

    #[test]
    fn what_lies_right_below_the_origin_is_blamed_for_itself_alone() {
        assert_eq!(
            blame(&sources(), "https://shop.example/root.js", ""),
            Some("root")
        );
        assert_eq!(blame(&sources(), "https://shop.example/app.js", ""), None);
        assert_eq!(blame(&sources(), "", ""), None);
        assert_eq!(
            blame(&sources(), "data:text/javascript,throw%201", ""),
            Some("text")
        );
    }
}
