//! [`Manifest`]: which micro-frontends there are, and where.

use crate::{error::excerpt, key};
use serde_json::{Map, Value as Json};
use std::{fmt, sync::Arc};

/// The version of the manifest's form that this host reads.
const VERSION: u64 = 1;

/// The longest manifest, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The longest text of a member, in bytes.
const MAX_TEXT: usize = 2048;

/// The longest id, in bytes; that of the registry.
const MAX_ID: usize = 64;

/// The micro-frontends that a host can load.
///
/// ```
/// use universal_state::edge::host::Manifest;
///
/// let manifest = Manifest::parse(r#"{
///     "version": 1,
///     "mfes": [{
///         "id": "decide",
///         "framework": "react",
///         "version": "1.4.0",
///         "url": "mfe/decide/1.4.0/index.js",
///         "mount": "product",
///         "requires": ["cart"]
///     }]
/// }"#)?;
/// assert_eq!(manifest.entries()[0].id(), "decide");
///
/// let error = Manifest::parse(r#"{"version": 1, "mfes": [{"id": "decide"}]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "mfes[0] (\"decide\"): version is missing");
/// # Ok::<(), universal_state::edge::host::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    entries: Vec<MfeEntry>,
}

/// A micro-frontend of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfeEntry(Arc<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    id: String,
    framework: String,
    version: String,
    url: String,
    integrity: Option<String>,
    mount: Option<String>,
    requires: Vec<String>,
}

impl Manifest {
    /// Reads a manifest. Members that it does not know are ignored, so that a newer manifest serves
    /// an older host.
    ///
    /// # Errors
    /// [`ManifestError`], which names the entry and the member; nothing of the manifest is used then.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_BYTES {
            return Err(ManifestError::TooLong { bytes: text.len() });
        }
        let json: Json = crate::json::read(text).map_err(|error| ManifestError::Json {
            reason: error.to_string(),
        })?;
        let form = |reason| ManifestError::Form { reason };
        let root = json.as_object().ok_or(form("it is no object"))?;
        match root.get("version").map(Json::as_u64) {
            Some(Some(VERSION)) => {}
            Some(Some(version)) => return Err(ManifestError::Version { version }),
            _ => return Err(form("version, a number, is missing")),
        }
        let mfes = root.get("mfes").and_then(Json::as_array);
        let mfes = mfes.ok_or(form("mfes, an array, is missing"))?;
        let mut entries: Vec<MfeEntry> = Vec::with_capacity(mfes.len());
        for (index, json) in mfes.iter().enumerate() {
            let entry = MfeEntry::read(index, json)?;
            if let Some(first) = entries.iter().position(|other| other.id() == entry.id()) {
                let id = entry.id().to_owned();
                return Err(ManifestError::Duplicate { id, first, index });
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// What it lists, in its order.
    pub fn entries(&self) -> &[MfeEntry] {
        &self.entries
    }

    /// The entry of an id.
    pub fn entry(&self, id: &str) -> Option<&MfeEntry> {
        self.entries.iter().find(|entry| entry.id() == id)
    }
}

impl MfeEntry {
    /// Reads one entry, as it stands in `mfes`.
    ///
    /// # Errors
    /// [`ManifestError`]; the index in it is 0.
    ///
    /// ```
    /// use universal_state::edge::host::MfeEntry;
    ///
    /// let newer = MfeEntry::parse(
    ///     r#"{"id": "ads", "framework": "vue", "version": "2.0.1", "url": "https://ads.example/2.0.1.js"}"#,
    /// )?;
    /// assert_eq!(newer.version(), "2.0.1");
    /// # Ok::<(), universal_state::edge::host::ManifestError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let json: Json = crate::json::read(text).map_err(|error| ManifestError::Json {
            reason: error.to_string(),
        })?;
        Self::read(0, &json)
    }

    fn read(index: usize, json: &Json) -> Result<Self, ManifestError> {
        let reader = Reader::new(index, json)?;
        let id = reader.text("id")?;
        if id.len() > MAX_ID {
            return Err(reader.fault("id", MemberFault::TooLong { max: MAX_ID }));
        }
        let version = reader.text("version")?;
        if !is_version(&version) {
            return Err(reader.fault("version", MemberFault::Version));
        }
        let url = reader.text("url")?;
        if !is_url(&url) {
            return Err(reader.fault("url", MemberFault::Url));
        }
        let integrity = reader.optional_text("integrity")?;
        if integrity.as_deref().is_some_and(|text| !is_integrity(text)) {
            return Err(reader.fault("integrity", MemberFault::Integrity));
        }
        let requires = reader.texts("requires")?;
        if let Some(bad) = requires.iter().find(|name| key::check(name).is_err()) {
            let key = excerpt(bad);
            return Err(reader.fault("requires", MemberFault::Key { key }));
        }
        Ok(Self(Arc::new(Parts {
            framework: reader.text("framework")?,
            mount: reader.optional_text("mount")?,
            id,
            version,
            url,
            integrity,
            requires,
        })))
    }

    /// Names it among all on the page.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What it is built with.
    pub fn framework(&self) -> &str {
        &self.0.framework
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// Where its module is: absolute, or relative to the page.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The digests that the module must have one of (Subresource Integrity, section 3.5).
    pub fn integrity(&self) -> Option<&str> {
        self.0.integrity.as_deref()
    }

    /// The name of the slot on the page that it is for.
    pub fn slot(&self) -> Option<&str> {
        self.0.mount.as_deref()
    }

    /// The shared keys that must have values before it is mounted.
    pub fn requires(&self) -> &[String] {
        &self.0.requires
    }

    /// The same at another address.
    pub(super) fn at(&self, url: String) -> Self {
        Self(Arc::new(Parts {
            url,
            ..(*self.0).clone()
        }))
    }
}

/// Reads the members of an entry.
struct Reader<'j> {
    index: usize,
    id: Option<String>,
    members: &'j Map<String, Json>,
}

impl<'j> Reader<'j> {
    fn new(index: usize, json: &'j Json) -> Result<Self, ManifestError> {
        let members = json.as_object().ok_or(ManifestError::Entry { index })?;
        let id = members.get("id").and_then(Json::as_str).map(excerpt);
        Ok(Self { index, id, members })
    }

    fn fault(&self, member: &'static str, fault: MemberFault) -> ManifestError {
        ManifestError::Member {
            index: self.index,
            id: self.id.clone(),
            member,
            fault,
        }
    }

    fn text(&self, member: &'static str) -> Result<String, ManifestError> {
        self.optional_text(member)?
            .ok_or_else(|| self.fault(member, MemberFault::Missing))
    }

    fn optional_text(&self, member: &'static str) -> Result<Option<String>, ManifestError> {
        match self.members.get(member) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) if text.trim().is_empty() => {
                Err(self.fault(member, MemberFault::Empty))
            }
            Some(Json::String(text)) if text.len() > MAX_TEXT => {
                Err(self.fault(member, MemberFault::TooLong { max: MAX_TEXT }))
            }
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.fault(member, MemberFault::NoText)),
        }
    }

    fn texts(&self, member: &'static str) -> Result<Vec<String>, ManifestError> {
        let texts = match self.members.get(member) {
            None | Some(Json::Null) => return Ok(Vec::new()),
            Some(json) => json.as_array(),
        };
        let no_texts = || self.fault(member, MemberFault::NoTexts);
        let texts = texts.ok_or_else(no_texts)?.iter();
        texts
            .map(|text| text.as_str().map(str::to_owned).ok_or_else(no_texts))
            .collect()
    }
}

/// Whether it is a version of Semantic Versioning 2.0.0, or begins like one: `1`, `1.4`, `1.4.0-rc.1+5`.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers = core.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    numbers.clone().count() <= 3 && numbers.clone().all(is_number) && text.bytes().all(is_plain)
}

/// Whether a module can be loaded from it. What runs as text, such as `javascript:`, cannot.
fn is_url(text: &str) -> bool {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let scheme = text.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme.split_once(':') {
        None => true,
        Some((scheme, _)) => ["https", "http", "blob", "data"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known)),
    }
}

/// Whether every word is a digest of a known algorithm, in Base64.
fn is_integrity(text: &str) -> bool {
    let is_digest = |word: &str| {
        let (algorithm, digest) = word.split_once('-').unwrap_or_default();
        let digest = digest.split('?').next().unwrap_or_default();
        let length = match algorithm {
            "sha256" => 44,
            "sha384" => 64,
            "sha512" => 88,
            _ => return false,
        };
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        digest.len() == length && digest.bytes().all(is_base64)
    };
    text.split_ascii_whitespace().all(is_digest)
}

/// Why a text is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is no JSON.
    #[error("the manifest is no JSON: {reason}")]
    Json {
        /// What the parser said.
        reason: String,
    },
    /// It is longer than 1 MiB.
    #[error("the manifest has {bytes} bytes; 1 MiB is allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is JSON of another form.
    #[error("the manifest cannot be read: {reason}")]
    Form {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It is of a version that this host does not know.
    #[error("the manifest is of version {version}; this host reads version 1")]
    Version {
        /// That version.
        version: u64,
    },
    /// An entry is no object.
    #[error("mfes[{index}] is no object")]
    Entry {
        /// Its place in `mfes`.
        index: usize,
    },
    /// A member of an entry is missing or wrong.
    #[error("mfes[{index}]{}: {member} {fault}", of(id))]
    Member {
        /// The entry's place in `mfes`.
        index: usize,
        /// Its id, if it has one.
        id: Option<String>,
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        fault: MemberFault,
    },
    /// Two entries have one id.
    #[error("mfes[{first}] and mfes[{index}] have one id: {id:?}")]
    Duplicate {
        /// The id.
        id: String,
        /// The place of the first.
        first: usize,
        /// The place of the second.
        index: usize,
    },
}

fn of(id: &Option<String>) -> String {
    id.as_ref()
        .map_or_else(String::new, |id| format!(" ({id:?})"))
}

/// What is wrong with a member of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberFault {
    /// It is missing.
    Missing,
    /// It is no text.
    NoText,
    /// It is no array of texts.
    NoTexts,
    /// It is empty.
    Empty,
    /// It is longer than this, in bytes.
    TooLong {
        /// The most that is allowed.
        max: usize,
    },
    /// It is no version.
    Version,
    /// It is no address of a module.
    Url,
    /// It is no digest.
    Integrity,
    /// It names a key that cannot be a shared one.
    Key {
        /// The name.
        key: String,
    },
}

impl fmt::Display for MemberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::NoText => f.write_str("is no text"),
            Self::NoTexts => f.write_str("is no array of texts"),
            Self::Empty => f.write_str("is empty"),
            Self::TooLong { max } => write!(f, "has more than {max} bytes"),
            Self::Version => f.write_str("is no version such as 1.4.0"),
            Self::Url => f.write_str(
                "is no address of a module: a path, or one that begins with https:, http:, blob: or data:",
            ),
            Self::Integrity => f.write_str("is no digest such as sha384-… in Base64"),
            Self::Key { key } => write!(f, "names {key:?}, which cannot be a shared key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(members: &str) -> String {
        format!(r#"{{"version": 1, "mfes": [{{{members}}}]}}"#)
    }

    const GOOD: &str = r#""id": "a", "framework": "vue", "version": "1.0.0", "url": "a.js""#;

    fn fault(members: &str) -> String {
        Manifest::parse(&entry(members)).unwrap_err().to_string()
    }

    #[test]
    fn unknown_members_are_ignored() {
        let text = entry(&format!(r#"{GOOD}, "colour": {{"of": "no one"}}"#));
        let manifest = Manifest::parse(&text).unwrap();
        let entry = manifest.entry("a").unwrap();
        assert_eq!((entry.framework(), entry.version()), ("vue", "1.0.0"));
        assert_eq!((entry.integrity(), entry.slot()), (None, None));
        assert!(entry.requires().is_empty());
    }

    #[test]
    fn an_id_stands_once() {
        let text = format!(r#"{{"version": 1, "mfes": [{{{GOOD}}}, {{{GOOD}}}]}}"#);
        let duplicate = ManifestError::Duplicate {
            id: "a".into(),
            first: 0,
            index: 1,
        };
        assert_eq!(Manifest::parse(&text), Err(duplicate));
    }

    #[test]
    fn a_fault_names_the_entry_and_the_member() {
        for (changed, said) in [
            (r#""id": """#, "mfes[0] (\"\"): id is empty"),
            (r#""id": 7"#, "mfes[0]: id is no text"),
            (
                r#""version": "latest""#,
                "mfes[0] (\"a\"): version is no version",
            ),
            (r#""version": "1.0.0/../..""#, "version is no version"),
            (r#""url": "javascript:alert(1)""#, "url is no address"),
            (r#""url": "a b.js""#, "url is no address"),
            (r#""integrity": "md5-abc""#, "integrity is no digest"),
            (r#""integrity": "sha384-abc""#, "integrity is no digest"),
            (r#""requires": "cart""#, "requires is no array"),
            (r#""requires": ["@b/x"]"#, "requires names \"@b/x\""),
        ] {
            // The later of two members counts.
            let error = fault(&format!("{GOOD}, {changed}"));
            assert!(error.contains(said), "{changed}: {error}");
        }
        assert_eq!(fault(r#""framework": "x""#), "mfes[0]: id is missing");
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"version": 2, "mfes": []}"#,
            r#"{"version": 1}"#,
            r#"{"version": 1, "mfes": [7]}"#,
            r#"{"version": "1", "mfes": []}"#,
        ] {
            assert!(Manifest::parse(text).is_err(), "{text}");
        }
        let long = " ".repeat(MAX_BYTES + 1);
        assert!(matches!(
            Manifest::parse(&long),
            Err(ManifestError::TooLong { .. })
        ));
    }

    #[test]
    fn addresses_and_versions_of_every_form_are_read() {
        for url in [
            "a.js",
            "/a.js",
            "//cdn/a.js",
            "https://a/b.js",
            "data:text/javascript,1",
            "blob:x",
        ] {
            assert!(is_url(url), "{url}");
        }
        for version in ["1", "1.4", "1.4.0", "1.4.0-rc.1+build.5"] {
            assert!(is_version(version), "{version}");
        }
        for version in ["", ".", "v1", "1.", "1.2.3.4", "1.0.0 "] {
            assert!(!is_version(version), "{version}");
        }
        let digest = format!("sha256-{}= sha384-{}", "A".repeat(43), "b".repeat(64));
        assert!(is_integrity(&digest));
    }
}
