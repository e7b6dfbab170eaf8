//! Routes: every one stands in a table that says who may call it.

use std::any::Any;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::{Method, StatusCode};

use crate::gate::{self, Gate};
use crate::{Environment, Fault, Refusal, Site, Visit, assets};

/// Who may call a route. The table is the contract that tests hold handlers to; what web itself
/// enforces is said at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody; no state is touched on anybody's behalf.
    Public,
    /// Anybody's browser; what it may see hangs on its cookie. A `POST` must be a form of ours
    /// (enforced: origin by web, token by [`crate::Form`]).
    Browser,
    /// A signed-in citizen, or one with a journey under way in this browser. Enforced as for `Browser`.
    Citizen,
    /// A signed-in member of an API user's organisation. Enforced as for `Browser`.
    Member,
    /// A signed-in member of staff. Enforced as for `Browser`.
    Staff,
    /// An API: the client authenticates itself (`private_key_jwt`).
    ClientAuth,
    /// An API: a DPoP-bound access token with this scope.
    AccessToken {
        /// The scope needed.
        scope: &'static str,
    },
    /// An API between roles that authenticate each other some other way: a one-time handle, a signed
    /// event.
    Peer,
    /// An API of the test environment only: in production the route does not exist (enforced).
    Sandbox,
    /// Pages of the test environment only: as `Browser`, and in production the route does not exist.
    SandboxPage,
}

impl Who {
    /// Whether errors are answered as JSON.
    pub const fn is_api(self) -> bool {
        matches!(self, Self::ClientAuth | Self::AccessToken { .. } | Self::Peer | Self::Sandbox)
    }

    /// Whether a `POST` must come from our own pages.
    pub const fn needs_form(self) -> bool {
        matches!(self, Self::Browser | Self::Citizen | Self::Member | Self::Staff | Self::SandboxPage)
    }

    const fn sandbox(self) -> bool {
        matches!(self, Self::Sandbox | Self::SandboxPage)
    }
}

/// One row of a role's route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path in axum's form: `/card/return/{challenge}`.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// Largest body in bytes.
    pub body: usize,
}

/// Largest body unless a row says otherwise.
pub const DEFAULT_BODY: usize = 64 * 1024;

impl Route {
    /// A `GET` (and `HEAD`) row.
    pub const fn get(path: &'static str, who: Who) -> Self {
        Self { method: Method::GET, path, who, body: DEFAULT_BODY }
    }

    /// A `POST` row.
    pub const fn post(path: &'static str, who: Who) -> Self {
        Self { method: Method::POST, path, who, body: DEFAULT_BODY }
    }

    /// A `PUT` row.
    pub const fn put(path: &'static str, who: Who) -> Self {
        Self { method: Method::PUT, path, who, body: DEFAULT_BODY }
    }

    /// A `DELETE` row.
    pub const fn delete(path: &'static str, who: Who) -> Self {
        Self { method: Method::DELETE, path, who, body: DEFAULT_BODY }
    }

    /// The same row with another body limit in bytes.
    #[must_use]
    pub const fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }
}

/// Why routes can't be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// A handler was registered that no row speaks of.
    #[error("{0} {1} has a handler but no row in the route table")]
    NoRow(Method, String),
    /// A row has no handler.
    #[error("{0} {1} stands in the route table but has no handler")]
    NoHandler(Method, String),
    /// Two handlers for one row, or two equal rows.
    #[error("{0} {1} stands twice")]
    Twice(Method, String),
}

type Ready = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Registers handlers, each against its row, and wraps them: receipt number, log line, panic and
/// time limit, security headers, cookies, error pages.
pub struct Routes<S> {
    site: Site,
    table: Vec<&'static [Route]>,
    router: Router<S>,
    seen: BTreeSet<(String, &'static str)>,
    errors: Vec<RouteError>,
    ready: Option<Ready>,
    time_limit: Duration,
}

/// Routes every site has.
pub const SHARED: &[Route] = &[
    Route::get("/health/live", Who::Public),
    Route::get("/health/ready", Who::Public),
    Route::get("/assets/{name}", Who::Public),
    Route::get("/favicon.ico", Who::Public),
    Route::get("/favicon.svg", Who::Public),
    Route::get("/accessibility", Who::Public),
    Route::get("/licences", Who::Public),
];

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Starts with a role's table. Rows of the sandbox are left out in production.
    pub fn new(site: &Site, table: &'static [Route]) -> Self {
        let mut routes = Self {
            site: site.clone(),
            table: vec![SHARED, table],
            router: Router::new(),
            seen: BTreeSet::new(),
            errors: Vec::new(),
            ready: None,
            time_limit: Duration::from_secs(60),
        };
        let mut rows = BTreeSet::new();
        for row in routes.rows() {
            if !rows.insert((row.method.to_string(), row.path)) {
                routes.errors.push(RouteError::Twice(row.method.clone(), row.path.to_owned()));
            }
        }
        routes
    }

    /// Adds a further table, for instance of a kit the role is built on.
    #[must_use]
    pub fn table(mut self, table: &'static [Route]) -> Self {
        for row in table {
            if self.rows().any(|r| r.method == row.method && r.path == row.path) {
                self.errors.push(RouteError::Twice(row.method.clone(), row.path.to_owned()));
            }
        }
        self.table.push(table);
        self
    }

    /// What `/health/ready` asks; without it the role is ready when it answers.
    #[must_use]
    pub fn ready<F, Fut>(mut self, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.ready = Some(Arc::new(move || Box::pin(check())));
        self
    }

    /// How long a handler may take; 60 s without this call.
    #[must_use]
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The handler of `GET path`.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(&Method::GET, path, handler)
    }

    /// The handler of `POST path`.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(&Method::POST, path, handler)
    }

    /// The handler of `PUT path`.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(&Method::PUT, path, handler)
    }

    /// The handler of `DELETE path`.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(&Method::DELETE, path, handler)
    }

    fn rows(&self) -> impl Iterator<Item = &'static Route> + use<S> {
        self.table.clone().into_iter().flatten()
    }

    fn add<H: Handler<T, S>, T: 'static>(mut self, method: &Method, path: &'static str, handler: H) -> Self {
        let Some(row) = self.rows().find(|r| r.method == *method && r.path == path) else {
            self.errors.push(RouteError::NoRow(method.clone(), path.to_owned()));
            return self;
        };
        if !self.seen.insert((method.to_string(), path)) {
            self.errors.push(RouteError::Twice(method.clone(), path.to_owned()));
            return self;
        }
        if row.who.sandbox() && self.site.environment() == Environment::Production {
            return self;
        }
        let filter = match *method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let gate = Gate { site: self.site.clone(), row: Some(row), time_limit: self.time_limit };
        let gated = handler.layer((DefaultBodyLimit::max(row.body), from_fn_with_state(gate, gate::run)));
        self.router = self.router.route(path, on(filter, gated));
        self
    }

    /// The router, when every row has its handler and every handler its row.
    pub fn build(self, state: S) -> Result<Router, Vec<RouteError>> {
        let ready = self.ready.clone();
        let mut this = self
            .get("/health/live", async || "ok\n")
            .get("/health/ready", async move || ready_answer(ready).await)
            .get("/assets/{name}", async |visit: Visit| {
                visit.site().assets().get(visit.path()).ok_or(Refusal::NotFound)
            })
            .get("/favicon.ico", async || assets::icon())
            .get("/favicon.svg", async || assets::icon())
            .get("/accessibility", async |visit: Visit| visit.page("web/accessibility.html", "accessibility"))
            .get("/licences", async |visit: Visit| {
                visit.page("web/licences.html", "licences").with(assets::licences())
            });
        for row in this.rows() {
            if !this.seen.contains(&(row.method.to_string(), row.path)) {
                this.errors.push(RouteError::NoHandler(row.method.clone(), row.path.to_owned()));
            }
        }
        if !this.errors.is_empty() {
            return Err(this.errors);
        }
        let gate = Gate { site: this.site, row: None, time_limit: this.time_limit };
        let layer = from_fn_with_state(gate, gate::run);
        let missing = async || Refusal::NotFound;
        let method = async || Refusal::Method;
        Ok(this
            .router
            .fallback(Handler::<_, S>::layer(missing, layer.clone()))
            .method_not_allowed_fallback(Handler::<_, S>::layer(method, layer))
            .with_state(state))
    }
}

async fn ready_answer(check: Option<Ready>) -> Response {
    let result = match check {
        Some(check) => check().await,
        None => Ok(()),
    };
    match result {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => {
            tracing::warn!(%reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}

/// What a panic said, for the log.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned())
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Routes({:?}, {} handlers)", self.site, self.seen.len())
    }
}

impl Fault {
    /// A route table that does not fit its handlers.
    pub fn routes(errors: &[RouteError]) -> Self {
        Self::new(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}
