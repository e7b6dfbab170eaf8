//! A mail server on loopback that takes messages, or refuses them as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::codec::b64_decode;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How it behaves.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Answers to the first `RCPT TO`s; the following ones are taken.
    pub rcpt: Vec<String>,
    /// The answer to `AUTH`.
    pub auth: Option<String>,
    /// Offers `STARTTLS`.
    pub tls: bool,
    /// Says nothing at all.
    pub silent: bool,
}

impl Answers {
    pub fn rcpt(lines: &[&str]) -> Self {
        Self { rcpt: lines.iter().map(|l| (*l).to_owned()).collect(), ..Self::default() }
    }
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub data: String,
    pub encrypted: bool,
}

impl Taken {
    fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.split("\r\n").find(|l| l.starts_with(&format!("{name}:"))).unwrap().to_owned();
        line[name.len() + 1..].trim().to_owned()
    }

    /// The subject, decoded (RFC 2047, base64).
    pub fn subject(&self) -> String {
        let mut bytes = Vec::new();
        for word in self.header("Subject").split(' ') {
            match word.strip_prefix("=?utf-8?b?").and_then(|w| w.strip_suffix("?=")) {
                Some(coded) => bytes.extend(b64_decode(coded).unwrap()),
                None => {
                    if !bytes.is_empty() {
                        bytes.push(b' ');
                    }
                    bytes.extend(word.as_bytes());
                }
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The text, decoded.
    pub fn text(&self) -> String {
        let body = self.data.split_once("\r\n\r\n").unwrap().1.trim_end_matches("\r\n").to_owned();
        match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => String::from_utf8(b64_decode(&body.replace("\r\n", "")).unwrap()).unwrap(),
            other => panic!("{other}"),
        }
    }
}

pub struct Sink {
    port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    answers: Mutex<Answers>,
    taken: Mutex<Vec<Taken>>,
    log: Mutex<Vec<String>>,
    connections: AtomicUsize,
    connected: Notify,
}

impl Sink {
    pub async fn start(answers: Answers) -> Self {
        Self::start_at(0, answers).await
    }

    pub async fn start_at(port: u16, answers: Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers),
            taken: Mutex::default(),
            log: Mutex::default(),
            connections: AtomicUsize::new(0),
            connected: Notify::new(),
        });
        let all = shared.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                all.connections.fetch_add(1, Ordering::SeqCst);
                all.connected.notify_one();
                let shared = all.clone();
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Self { port, shared, task }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// The commands that came.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub async fn connected(&self) {
        self.shared.connected.notified().await;
    }

    /// Stops listening; gives the port.
    pub async fn stop(self) -> u16 {
        self.task.abort();
        let _ = self.task.await;
        self.port
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) {
        if self.answers.lock().silent {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            return;
        }
        let tls = self.answers.lock().tls;
        let _ = stream.write_all(b"220 sink ESMTP\r\n").await;
        if !tls {
            return self.talk(stream, false).await;
        }
        // Up to STARTTLS in the clear, the rest encrypted.
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            self.log.lock().push(line.trim().to_owned());
            if line.starts_with("STARTTLS") {
                let _ = stream.get_mut().write_all(b"220 go\r\n").await;
                break;
            }
            let _ = stream.get_mut().write_all(b"250-sink\r\n250 STARTTLS\r\n").await;
        }
        if let Ok(stream) = acceptor().accept(stream.into_inner()).await {
            self.talk(stream, true).await;
        }
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, encrypted: bool) {
        let mut stream = BufReader::new(stream);
        let mut now = Taken { from: String::new(), to: String::new(), data: String::new(), encrypted };
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_owned();
            self.log.lock().push(line.clone());
            let address = |l: &str| l.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let answer = if line.starts_with("EHLO") {
                if self.answers.lock().auth.is_some() { "250-sink\r\n250 AUTH PLAIN LOGIN" } else { "250 sink" }
                    .to_owned()
            } else if line.starts_with("AUTH") {
                self.answers.lock().auth.clone().unwrap_or_else(|| "235 welcome".to_owned())
            } else if line.starts_with("MAIL") {
                now.from = address(&line);
                "250 ok".to_owned()
            } else if line.starts_with("RCPT") {
                now.to = address(&line);
                let mut answers = self.answers.lock();
                if answers.rcpt.is_empty() { "250 ok".to_owned() } else { answers.rcpt.remove(0) }
            } else if line == "DATA" {
                let _ = stream.get_mut().write_all(b"354 go\r\n").await;
                now.data = data(&mut stream).await;
                self.taken.lock().push(now.clone());
                "250 taken".to_owned()
            } else if line == "QUIT" {
                "221 bye".to_owned()
            } else {
                "250 ok".to_owned()
            };
            if stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Up to the lone dot, with doubled dots made single.
async fn data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == ".\r\n" {
            return all;
        }
        all.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn acceptor() -> TlsAcceptor {
    let cert = CertificateDer::from_pem_slice(include_bytes!("../../../web/tests/it/tls/cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../web/tests/it/tls/key.pem")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}
