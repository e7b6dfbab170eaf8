//! `enishi doctor`: what is wrong with a configuration, and how to mend it. Changes nothing.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use base::outbound::Http as _;
use bytes::Bytes;
use store::{Db, Target};
use web::{Environment, Origin};

use crate::config::{ConfigError, File, Role, master_key};
use crate::roles::World;

/// Looks at everything and says what it found.
///
/// # Errors
/// When the file itself can't be read.
pub async fn run(path: &Path, world: &World) -> Result<ExitCode, ConfigError> {
    let file = File::read(path)?;
    let mut report = Report::default();
    report.note("configuration", Ok(format!("{} for the role {}", path.display(), file.role)));
    report.note("own table", own_table(&file));
    report.note("master key", key(&file));
    report.note("listener", listener(&file));
    report.note("environment", environment(&file));
    report.note("database", database(&file).await);
    if file.role == Role::Desk {
        report.note("e-mail", crate::roles_desk::mail_server(&file));
        for (portal, found) in crate::desk_admin::known_at_portals(&file, world).await {
            report.note(&format!("desk's key at the {portal} portal"), found);
        }
    }
    for (what, url) in peers(&file) {
        report.note(&what, reach(&file, &url).await);
    }
    if report.wrong == 0 {
        println!("\nnothing wrong found");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("\n{} to mend", report.wrong);
        Ok(ExitCode::FAILURE)
    }
}

#[derive(Default)]
struct Report {
    wrong: usize,
}

impl Report {
    fn note(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(text) => println!("ok     {what}: {text}"),
            Err(text) => {
                self.wrong += 1;
                println!("WRONG  {what}: {text}");
            }
        }
    }
}

fn own_table(file: &File) -> Result<String, String> {
    let checked = match file.role {
        Role::Portal => file.own::<crate::roles::PortalTable>().map(|t| t.origin),
        Role::Delivery => file.own::<crate::roles_delivery::DeliveryTable>().map(|t| t.origin),
        Role::Sample => file.own::<crate::roles::SampleTable>().map(|t| t.origin),
        Role::Testcard => file.own::<crate::roles::TestcardTable>().map(|t| t.origin),
        Role::Desk => file.own::<crate::roles_desk::DeskTable>().map(|t| t.origin),
    };
    let origin = checked.map_err(|e| e.to_string())?;
    let origin = Origin::parse(&origin).map_err(|e| format!("origin: {e}"))?;
    if file.environment == Environment::Production && !origin.is_https() {
        return Err(format!("origin {origin} has to be https in production"));
    }
    Ok(format!("public address {origin}"))
}

fn key(file: &File) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt as _;
    master_key(&file.key_file).map_err(|e| e.to_string())?;
    let mode = std::fs::metadata(&file.key_file).map_err(|e| e.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("others may read {} (mode {mode:o}): chmod 600 it", file.key_file.display()));
    }
    Ok(file.key_file.display().to_string())
}

fn listener(file: &File) -> Result<String, String> {
    let tls = match (&file.tls_cert, &file.tls_key) {
        (Some(cert), Some(key)) => {
            web::serve::TlsConfig::from_pem_files(cert, key).map_err(|e| e.to_string())?;
            true
        }
        (None, None) => false,
        _ => return Err("tls_cert and tls_key belong together: one of them is missing".to_owned()),
    };
    web::serve::may_listen(file.listen, tls, file.behind_proxy).map_err(|e| e.to_string())?;
    Ok(format!("{} ({})", file.listen, if tls { "TLS" } else { "plain HTTP" }))
}

fn environment(file: &File) -> Result<String, String> {
    if file.environment == Environment::Test {
        return Ok("test: test cards, open registration and the sandbox may exist".to_owned());
    }
    if file.role == Role::Testcard {
        return Err("there are no test cards in production".to_owned());
    }
    if let (Role::Portal, Ok(table)) = (file.role, file.own::<crate::roles::PortalTable>())
        && table.open_registration
    {
        return Err("open_registration has no effect in production: remove it, so that nobody relies on it".to_owned());
    }
    if file.database.starts_with("sqlite:") {
        return Ok("production on SQLite: one node only; keep backups of file and key apart".to_owned());
    }
    Ok("production".to_owned())
}

async fn database(file: &File) -> Result<String, String> {
    let target = file.target().map_err(|e| e.to_string())?;
    let db = Db::attach(&target).map_err(|e| format!("{e}; `enishi migrate` makes it"))?;
    let ping = tokio::time::timeout(Duration::from_secs(10), db.ping());
    ping.await.map_err(|_| "no answer within 10 s".to_owned())?.map_err(|e| e.to_string())?;
    Ok(match target {
        Target::Sqlite(path) => format!("SQLite {}", path.display()),
        Target::Postgres { schema, .. } => format!("PostgreSQL, schema {schema}"),
    })
}

/// Whom the role has to reach.
fn peers(file: &File) -> Vec<(String, String)> {
    let discovery = |issuer: &str| format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    match file.role {
        Role::Portal => file.own::<crate::roles::PortalTable>().map_or_else(
            |_| Vec::new(),
            |t| t.deliveries.iter().map(|d| (format!("delivery service {}", d.id), discovery(&d.issuer))).collect(),
        ),
        Role::Delivery => file
            .own::<crate::roles_delivery::DeliveryTable>()
            .map_or_else(|_| Vec::new(), |t| vec![("portal".to_owned(), discovery(&t.portal))]),
        Role::Sample => file
            .own::<crate::roles::SampleTable>()
            .map_or_else(|_| Vec::new(), |t| vec![("portal".to_owned(), discovery(&t.portal))]),
        Role::Desk => {
            file.own::<crate::roles_desk::DeskTable>().ok().and_then(|t| t.portals).map_or_else(Vec::new, |p| {
                let portal = |which: &str, origin: &str| (format!("{which} portal"), discovery(origin));
                vec![portal("test", &p.test.origin), portal("production", &p.production.origin)]
            })
        }
        Role::Testcard => Vec::new(),
    }
}

async fn reach(file: &File, url: &str) -> Result<String, String> {
    let mut builder = web::outbound::Client::builder(file.environment);
    for peer in &file.peers {
        builder = builder.peer(&Origin::parse(peer).map_err(|e| format!("peers: {e}"))?);
    }
    for path in &file.trusted_roots {
        builder = builder.root(&std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?);
    }
    let client = builder.build().map_err(|e| e.to_string())?;
    let request = http::Request::get(url).body(Bytes::new()).map_err(|e| format!("{url}: {e}"))?;
    let answer =
        client.send(request).await.map_err(|e| format!("{url}: {e}; is it running, and is its address right?"))?;
    if !answer.status().is_success() {
        return Err(format!("{url} answers {}", answer.status()));
    }
    let issuer = url.trim_end_matches("/.well-known/openid-configuration");
    let document: serde_json::Value =
        serde_json::from_slice(answer.body()).map_err(|_| format!("{url} is no discovery document"))?;
    match document["issuer"].as_str() {
        Some(said) if said == issuer => Ok(format!("{issuer} answers as itself")),
        Some(said) => Err(format!("{issuer} says it is {said}: the configured address has to be exactly its issuer")),
        None => Err(format!("{url} names no issuer")),
    }
}
