//! A web server for one folder of static files, on this machine only.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

/// More than any request line with headers that a browser sends to it.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Isolates a page from other origins, which gives it a finer clock (HTML Standard, section 7.1.4).
const ISOLATED: &str =
    "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp\r\n";

/// Answers requests for the files in `folder` until the process ends.
pub fn run(listener: &TcpListener, folder: &Path) {
    run_with(listener, folder, "");
}

/// As [`run`], with the pages isolated from other origins.
pub fn run_isolated(listener: &TcpListener, folder: &Path) {
    run_with(listener, folder, ISOLATED);
}

fn run_with(listener: &TcpListener, folder: &Path, headers: &'static str) {
    for stream in listener.incoming().flatten() {
        let folder = folder.to_owned();
        // A browser that goes away in the middle of an answer is no error.
        thread::spawn(move || drop(answer(&stream, &folder, headers)));
    }
}

/// Fails unless the server at `address` answers `GET /` with 200.
pub fn answers(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    if !status.starts_with("HTTP/1.1 200 ") {
        bail!("the page answers {status:?}");
    }
    Ok(())
}

fn answer(stream: &TcpStream, folder: &Path, headers: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut request = BufReader::new(stream.take(MAX_REQUEST_BYTES));
    let mut line = String::new();
    request.read_line(&mut line)?;
    // A connection that is closed with unread bytes is reset, and the browser may lose the answer.
    let mut header = String::new();
    while request.read_line(&mut header)? > 2 {
        header.clear();
    }

    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if !matches!(method, "GET" | "HEAD") {
        return respond(
            stream,
            "405 Method Not Allowed",
            "text/plain",
            "",
            b"",
            true,
        );
    }
    let Some(file) = file_for(folder, target) else {
        return respond(
            stream,
            "404 Not Found",
            "text/plain",
            "",
            b"not found\n",
            true,
        );
    };
    let body = fs::read(&file)?;
    let with_body = method == "GET";
    respond(stream, "200 OK", mime(&file), headers, &body, with_body)
}

fn respond(
    mut stream: &TcpStream,
    status: &str,
    mime: &str,
    headers: &str,
    body: &[u8],
    with_body: bool,
) -> io::Result<()> {
    let length = body.len();
    // `no-cache`: a page that is built anew must show at the next load.
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\nConnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    if with_body {
        stream.write_all(body)?;
    }
    stream.flush()
}

/// The file in `folder` for a request's target. A path without a file extension that names no file is a route of an
/// application, so it gets its page: that of the first folder of the path, if it has one, or else the one of all.
fn file_for(folder: &Path, target: &str) -> Option<PathBuf> {
    let relative = relative_path(target)?;
    let file = folder.join(&relative);
    if file.is_file() {
        return Some(file);
    }
    let page = if file.is_dir() {
        file.join("index.html")
    } else {
        file
    };
    if page.is_file() {
        return Some(page);
    }
    if relative.extension().is_some() {
        return None;
    }
    let first = relative.components().next()?;
    [folder.join(first), folder.to_owned()]
        .map(|application| application.join("index.html"))
        .into_iter()
        .find(|page| page.is_file())
}

/// The path that a request's target names below the served folder; nothing if it tries to leave it.
fn relative_path(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?;
    let path = percent_decoded(path.strip_prefix('/')?)?;
    let mut relative = PathBuf::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." || part.contains(['\\', ':', '\0']) {
            return None;
        }
        relative.push(part);
    }
    Some(relative)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    let extension = file.extension().unwrap_or_default();
    match extension.to_str().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        // Browsers compile a module while it loads only with this type.
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a page and a file, beside a file that must not be served.
    struct Site(PathBuf);

    impl Site {
        fn new(name: &str) -> Self {
            let outside = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
            fs::create_dir_all(outside.join("dist/assets")).unwrap();
            fs::write(outside.join("secret"), "secret").unwrap();
            fs::write(outside.join("dist/index.html"), "page").unwrap();
            fs::write(outside.join("dist/assets/app.wasm"), "wasm").unwrap();
            Self(outside)
        }

        fn dist(&self) -> PathBuf {
            self.0.join("dist")
        }
    }

    impl Drop for Site {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn targets_name_files_below_the_folder() {
        let path = |target| relative_path(target).unwrap();
        assert_eq!(path("/"), Path::new(""));
        assert_eq!(path("/a//b/./c.js?v=1#x"), Path::new("a/b/c.js"));
        assert_eq!(path("/caf%C3%A9.svg"), Path::new("café.svg"));
    }

    #[test]
    fn targets_that_leave_the_folder_are_refused() {
        for target in [
            "/../secret",
            "/a/%2e%2e/%2E%2e/secret",
            "/..%2fsecret",
            "/..%5csecret",
            "/C:/secret",
            "/%00",
            "/%zz",
            "/%e",
            "/%ff",
            "secret",
            "",
        ] {
            assert_eq!(relative_path(target), None, "{target}");
        }
    }

    #[test]
    fn an_absolute_path_stays_below_the_folder() {
        assert_eq!(
            relative_path("//etc/passwd").unwrap(),
            Path::new("etc/passwd")
        );
    }

    #[test]
    fn routes_get_the_page_and_missing_files_do_not() {
        let site = Site::new("routes");
        let dist = site.dist();
        assert_eq!(file_for(&dist, "/"), Some(dist.join("index.html")));
        assert_eq!(
            file_for(&dist, "/orders/7?x=1"),
            Some(dist.join("index.html"))
        );
        assert_eq!(
            file_for(&dist, "/assets/app.wasm"),
            Some(dist.join("assets/app.wasm"))
        );
        fs::create_dir_all(dist.join("shop")).unwrap();
        fs::write(dist.join("shop/index.html"), "shop").unwrap();
        for target in ["/shop", "/shop/", "/shop/product/7?sku=1"] {
            let shop = Some(dist.join("shop/index.html"));
            assert_eq!(file_for(&dist, target), shop, "{target}");
        }
        assert_eq!(file_for(&dist, "/shop/data/gone.svg"), None);
        assert_eq!(file_for(&dist, "/assets/gone.wasm"), None);
        assert_eq!(file_for(&dist, "/../secret"), None);
    }

    #[test]
    fn files_have_the_type_that_browsers_insist_on() {
        for (file, expected) in [
            ("a_bg.wasm", "application/wasm"),
            ("a-1f.js", "text/javascript; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("index.html", "text/html; charset=utf-8"),
            ("a.svg", "image/svg+xml"),
            ("a.json", "application/json"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(mime(Path::new(file)), expected, "{file}");
        }
    }

    #[test]
    fn the_server_answers_over_a_socket() {
        let site = Site::new("socket");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dist = site.dist();
        thread::spawn(move || run(&listener, &dist));

        answers(address).unwrap();
        for (request, expected) in [
            ("GET /assets/app.wasm", ("HTTP/1.1 200", "\r\n\r\nwasm")),
            ("HEAD /assets/app.wasm", ("HTTP/1.1 200", "\r\n\r\n")),
            ("GET /gone.js", ("HTTP/1.1 404", "not found\n")),
            ("POST /", ("HTTP/1.1 405", "\r\n\r\n")),
        ] {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "{request} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).unwrap();
            assert!(response.starts_with(expected.0), "{request}: {response}");
            assert!(response.ends_with(expected.1), "{request}: {response}");
            assert!(!response.contains("Cross-Origin"), "{response}");
        }
    }

    #[test]
    fn a_page_is_isolated_on_demand() {
        let site = Site::new("isolated");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dist = site.dist();
        thread::spawn(move || run_isolated(&listener, &dist));

        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.contains("\r\nCross-Origin-Opener-Policy: same-origin\r\n"));
        assert!(response.contains("\r\nCross-Origin-Embedder-Policy: require-corp\r\n"));
        assert!(response.ends_with("\r\n\r\npage"), "{response}");
    }
}
