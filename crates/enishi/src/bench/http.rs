//! A keep-alive HTTP/1.1 client that costs the load side as little as possible: one connection, one
//! request at a time, bodies whole. Only for the roles of this house: it takes what they send.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Largest head and largest body that are taken.
const LIMIT: usize = 16 * 1024 * 1024;

/// A connection to one origin, opened when first needed.
pub struct Link {
    addr: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Reply {
    /// Status code.
    pub status: u16,
    head: String,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &'static str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers of this name (lower case).
    pub fn headers(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.head.lines().skip(1).filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text; what is no UTF-8 is empty.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_default()
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Link {
    /// To this address; nothing is opened yet.
    pub const fn new(addr: SocketAddr) -> Self {
        Self { addr, stream: None, buffer: Vec::new() }
    }

    /// Sends a whole request and reads the whole answer. A connection that the server closed while it
    /// was idle is opened anew before anything is sent; afterwards an error is an error.
    ///
    /// # Errors
    /// The network, or an answer that is no HTTP/1.1.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Reply> {
        let mut stream = match self.stream.take().filter(still_open) {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.addr).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        let head_end = self.read_head(&mut stream).await?;
        let head = String::from_utf8(self.buffer[..head_end].to_vec()).map_err(|_| broken("the head is no text"))?;
        let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(|| broken("no status line"))?;
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = reply.header("content-length").map(|v| v.parse::<usize>().map_err(|_| broken("content-length")));
        let chunked = reply.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
        let rest = head_end + 4;
        reply.body = match length.transpose()? {
            Some(length) if length <= LIMIT => {
                self.fill(&mut stream, rest + length).await?;
                self.buffer[rest..rest + length].to_vec()
            }
            Some(_) => return Err(broken("the body is too large")),
            None if chunked => self.read_chunks(&mut stream, rest).await?,
            None => Vec::new(),
        };
        if reply.header("connection").is_none_or(|v| !v.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Ok(reply)
    }

    async fn read_head(&mut self, stream: &mut TcpStream) -> io::Result<usize> {
        let mut from = 0;
        loop {
            if let Some(at) = find(&self.buffer[from..], b"\r\n\r\n") {
                return Ok(from + at);
            }
            from = self.buffer.len().saturating_sub(3);
            self.more(stream).await?;
        }
    }

    async fn read_chunks(&mut self, stream: &mut TcpStream, mut at: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = find(&self.buffer[at..], b"\r\n") {
                    break at + end;
                }
                self.more(stream).await?;
            };
            let size =
                str::from_utf8(&self.buffer[at..end]).ok().and_then(|s| usize::from_str_radix(s.trim(), 16).ok());
            let size = size.filter(|s| *s <= LIMIT).ok_or_else(|| broken("chunk size"))?;
            let start = end + 2;
            self.fill(stream, start + size + 2).await?;
            body.extend_from_slice(&self.buffer[start..start + size]);
            at = start + size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn fill(&mut self, stream: &mut TcpStream, until: usize) -> io::Result<()> {
        while self.buffer.len() < until {
            self.more(stream).await?;
        }
        Ok(())
    }

    async fn more(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        if self.buffer.len() > LIMIT {
            return Err(broken("the answer is too large"));
        }
        self.buffer.reserve(16 * 1024);
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed")),
            _ => Ok(()),
        }
    }
}

/// Whether an idle connection has neither been closed nor has anything unexpected to read.
fn still_open(stream: &TcpStream) -> bool {
    let mut byte = [0];
    matches!(stream.try_read(&mut byte), Err(e) if e.kind() == io::ErrorKind::WouldBlock)
}

/// Where `needle` begins.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// The origin of an `http` address, and where it is.
pub fn address(url: &str) -> Option<(&str, SocketAddr)> {
    use std::net::ToSocketAddrs as _;
    const SCHEME: &str = "http://";
    let rest = url.strip_prefix(SCHEME)?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let found: Vec<_> = authority.to_socket_addrs().ok()?.collect();
    // The house listens on IPv4 when it is not told otherwise.
    let addr = found.iter().find(|a| a.is_ipv4()).or(found.first()).copied()?;
    Some((&url[..SCHEME.len() + authority.len()], addr))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn addresses() {
        let local = "127.0.0.1:7100".parse().unwrap();
        assert_eq!(address("http://127.0.0.1:7100/read?x"), Some(("http://127.0.0.1:7100", local)));
        assert_eq!(address("http://127.0.0.1:7100"), Some(("http://127.0.0.1:7100", local)));
        assert_eq!(address("https://127.0.0.1:7100/"), None);
    }

    #[tokio::test]
    async fn reads_lengths_chunks_and_closed_connections() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut s, _) = listener.accept().await.unwrap();
            let mut buf = [0; 1024];
            for answer in [
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\nhello",
                "HTTP/1.1 303 See Other\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
            ] {
                assert!(s.read(&mut buf).await.unwrap() > 0);
                s.write_all(answer.as_bytes()).await.unwrap();
            }
            drop(s);
            let (mut s, _) = listener.accept().await.unwrap();
            assert!(s.read(&mut buf).await.unwrap() > 0);
            s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx").await.unwrap();
        });
        let mut link = Link::new(addr);
        let get = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let reply = link.send(get).await.unwrap();
        assert_eq!((reply.status, reply.text()), (200, "hello"));
        assert_eq!(reply.headers("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
        let reply = link.send(get).await.unwrap();
        assert_eq!((reply.status, reply.header("location")), (303, Some("/x")));
        assert_eq!(link.send(get).await.unwrap().text(), "hello world");
        assert_eq!(link.send(get).await.unwrap().status, 204);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(link.send(get).await.unwrap().text(), "x");
        server.await.unwrap();
        assert!(link.send(get).await.is_err());
    }
}
