//! What the pages of one role share.

use std::sync::Arc;

use base::{Clock, Lang, Rng, codec};

use crate::assets::Assets;
use crate::cookie::CookieSpec;
use crate::guard::FormKey;
use crate::templates::Templates;
use crate::text::{Catalogue, TextError};
use crate::visit::Visit;
use crate::{Origin, texts};

/// Which world a role lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// 接続確認環境: test cards, sandbox routes, the band 「このサイトは見本です」.
    Test,
    /// 本番環境: none of it exists; private addresses are never called.
    Production,
}

/// The key colour, so that a citizen sees that the site changed. Contrast of each on white and of
/// white on it is at least 7:1 (a test computes it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The portal: blue.
    #[default]
    Portal,
    /// A delivery service: green.
    Delivery,
    /// An API user's service: purple.
    Sample,
    /// The card stand-in: grey, like a device.
    Card,
    /// The desk: brown.
    Desk,
}

impl Theme {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Portal => "en-theme-portal",
            Self::Delivery => "en-theme-delivery",
            Self::Sample => "en-theme-sample",
            Self::Card => "en-theme-card",
            Self::Desk => "en-theme-desk",
        }
    }
}

/// One role's site: its name, address, templates, texts, clock and keys. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    role: &'static str,
    cookies: String,
    origin: Origin,
    environment: Environment,
    theme: Theme,
    status_page: Option<&'static str>,
    clock: Clock,
    rng: Rng,
    form_key: FormKey,
    templates: Templates,
    catalogue: Catalogue,
    assets: Assets,
    browser: CookieSpec,
    lang: CookieSpec,
}

/// Why a site can't be built. All of them are mistakes in the role's code or files.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A template does not compile.
    #[error("template: {0:#}")]
    Template(#[from] minijinja::Error),
    /// The texts can't be used.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// Makes a [`Site`].
pub struct SiteBuilder {
    role: &'static str,
    origin: Origin,
    environment: Environment,
    theme: Theme,
    status_page: Option<&'static str>,
    clock: Clock,
    rng: Rng,
    form_key: Option<FormKey>,
    templates: Vec<(&'static str, &'static str)>,
    texts: Vec<(Lang, &'static str)>,
    names: Vec<(Lang, String)>,
    cookies: Option<String>,
}

impl Site {
    /// A site for `role` (lower-case, it becomes part of cookie names) at its public address.
    /// Without further calls: test environment, the system's clock and randomness, a form key that
    /// lives as long as the process.
    pub fn builder(role: &'static str, origin: Origin) -> SiteBuilder {
        SiteBuilder {
            role,
            origin,
            environment: Environment::Test,
            theme: Theme::default(),
            status_page: None,
            clock: Clock::system(),
            rng: Rng::system(),
            form_key: None,
            templates: Vec::new(),
            texts: Vec::new(),
            names: Vec::new(),
            cookies: None,
        }
    }

    /// The role's name: `portal`, `delivery`, `sample`, `card`.
    pub fn role(&self) -> &'static str {
        self.0.role
    }

    /// The public address.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Test or production.
    pub fn environment(&self) -> Environment {
        self.0.environment
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The source of randomness.
    pub fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// A cookie of this role: `enishi_{role}_{name}`, with `__Host-` and `Secure` under https.
    pub fn cookie(&self, name: &str) -> CookieSpec {
        CookieSpec::new(&self.0.origin, &self.0.cookies, name)
    }

    /// A text outside of a page, for instance a name in an API answer or a mail.
    pub fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<String, TextError> {
        let args = crate::text::args(args.iter().copied());
        self.0.catalogue.text(lang, key, Some(&args))
    }

    /// A visit out of nothing, to render pages in tests or without a request.
    pub fn visit(&self, lang: Lang) -> Visit {
        Visit::detached(self.clone(), lang)
    }

    pub(crate) fn theme(&self) -> Theme {
        self.0.theme
    }

    pub(crate) fn status_page(&self) -> Option<&'static str> {
        self.0.status_page
    }

    pub(crate) fn form_key(&self) -> &FormKey {
        &self.0.form_key
    }

    pub(crate) fn templates(&self) -> &Templates {
        &self.0.templates
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.0.assets
    }

    pub(crate) fn browser_cookie(&self) -> &CookieSpec {
        &self.0.browser
    }

    pub(crate) fn lang_cookie(&self) -> &CookieSpec {
        &self.0.lang
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({} at {})", self.0.role, self.0.origin)
    }
}

impl SiteBuilder {
    /// Test or production.
    #[must_use]
    pub const fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The key colour.
    #[must_use]
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The path of the page that says how the service is, for the foot of every page; without this call
    /// there is none.
    #[must_use]
    pub const fn status_page(mut self, path: &'static str) -> Self {
        self.status_page = Some(path);
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The source of randomness.
    #[must_use]
    pub fn rng(mut self, rng: Rng) -> Self {
        self.rng = rng;
        self
    }

    /// The key behind the form tokens; the same on every node and after a restart, else the forms
    /// people have open go stale.
    #[must_use]
    pub fn form_key(mut self, key: FormKey) -> Self {
        self.form_key = Some(key);
        self
    }

    /// The role's templates: [`crate::templates!`].
    #[must_use]
    pub fn templates(mut self, list: &[(&'static str, &'static str)]) -> Self {
        self.templates.extend_from_slice(list);
        self
    }

    /// The role's texts in one language (Fluent). `service-name` must be among them.
    #[must_use]
    pub fn texts(mut self, lang: Lang, source: &'static str) -> Self {
        self.texts.push((lang, source));
        self
    }

    /// The service's name in place of the `service-name` of its texts: for one of several that share them.
    #[must_use]
    pub fn named(mut self, lang: Lang, name: &str) -> Self {
        self.names.push((lang, name.to_owned()));
        self
    }

    /// What stands in the cookies' names in place of the role (`a-z`, `0-9`, `_`): browsers share cookies between the
    /// ports of a host name, so two services of one role on one name need it.
    #[must_use]
    pub fn cookies(mut self, name: &str) -> Self {
        self.cookies = Some(name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
        self
    }

    /// Compiles templates and texts.
    pub fn build(self) -> Result<Site, SiteError> {
        let mut catalogue = Catalogue::new(texts::SHARED.into_iter().chain(self.texts))?;
        for (lang, name) in &self.names {
            catalogue.replace(*lang, "service-name", name)?;
        }
        for lang in Lang::ALL {
            catalogue.text(lang, "service-name", None)?;
        }
        let form_key = self.form_key.unwrap_or_else(|| FormKey::new(self.rng.bytes()));
        let prefix = prefix(self.cookies.as_deref().unwrap_or(self.role));
        Ok(Site(Arc::new(Inner {
            templates: Templates::new(&self.templates, &catalogue)?,
            catalogue,
            assets: Assets::new(),
            browser: CookieSpec::new(&self.origin, &prefix, "browser"),
            lang: CookieSpec::new(&self.origin, &prefix, "lang").lasting(std::time::Duration::from_secs(365 * 86_400)),
            role: self.role,
            cookies: prefix,
            origin: self.origin,
            environment: self.environment,
            theme: self.theme,
            status_page: self.status_page,
            clock: self.clock,
            rng: self.rng,
            form_key,
        })))
    }
}

fn prefix(role: &str) -> String {
    format!("enishi_{role}")
}

/// A number people can read out: the 受付番号 of a request, on error and terminal pages and in the log.
/// Ten letters and digits without I, L, O, U.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Receipt(String);

impl Receipt {
    /// A new number (50 random bits).
    pub fn new(rng: &Rng) -> Self {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits = u64::from_be_bytes(rng.bytes());
        Self((0..10).map(|i| LETTERS[((bits >> (5 * i)) & 31) as usize] as char).collect())
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of the browser cookie: 256 random bits that mean nothing by themselves. Roles store its
/// SHA-256 ([`Browser::hash`]) to recognise the browser again.
#[derive(Clone, PartialEq, Eq)]
pub struct Browser(pub(crate) String);

impl Browser {
    /// SHA-256 of the cookie, in base64url: what is stored.
    pub fn hash(&self) -> String {
        codec::sha256_b64url(&self.0)
    }

    /// SHA-256 of the cookie: what is signed (the session hash of a card challenge).
    pub fn hash_bytes(&self) -> [u8; 32] {
        codec::sha256(self.0.as_bytes())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let ours = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        ours.then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[browser]")
    }
}
