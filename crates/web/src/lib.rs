//! What every role's pages and endpoints share: listener, security headers, forms, templates, two
//! languages, error pages, outbound HTTP.
//!
//! **Invariant:** no answer leaves without its security headers; no form is taken that this role did not
//! give to this browser; no route is reachable that does not stand in the role's table. **Boundary:**
//! knows no role. It may import `base` and `store`.
//!
//! # A role in thirty lines
//!
//! ```
//! use axum::extract::State;
//! use axum::response::{IntoResponse, Response};
//! use base::Lang;
//! use web::{Fault, FieldError, Form, Origin, Route, Routes, Site, Theme, Visit, Who};
//!
//! const ROUTES: &[Route] = &[Route::get("/", Who::Browser), Route::post("/pin", Who::Browser)];
//!
//! #[derive(Clone)]
//! struct App { tries: u8 }
//!
//! #[derive(serde::Serialize)]
//! struct PinPage { tries_left: u8 }
//!
//! #[derive(serde::Deserialize)]
//! struct PinForm { pin: String }
//!
//! async fn show(State(app): State<App>, visit: Visit) -> Response {
//!     visit.page("pin.html", "pin").step(2).with(PinPage { tries_left: app.tries }).respond()
//! }
//!
//! async fn enter(State(app): State<App>, visit: Visit, Form(form): Form<PinForm>) -> Result<Response, Fault> {
//!     match web::form::digits(&form.pin).filter(|pin| pin.len() == 4) {
//!         Some(_) => Ok(visit.redirect("/")),
//!         None => {
//!             let message = visit.text("pin-error", &[])?;
//!             let errors = vec![FieldError { field: "pin".into(), message }];
//!             Ok(visit.page("pin.html", "pin").step(2).errors(errors).with(PinPage { tries_left: app.tries }).respond())
//!         }
//!     }
//! }
//!
//! // templates: web::templates!["pin.html"] embeds {crate}/templates/pin.html; texts: include_str!("../texts/ja.ftl")
//! let site = Site::builder("card", Origin::parse("http://localhost:7004")?)
//!     .theme(Theme::Card)
//!     .templates(&[("pin.html", r#"
//!         {% extends "web/layout.html" %}
//!         {% import "web/ui.html" as ui %}
//!         {% set h1 = t("pin-title") %}
//!         {% block body %}
//!         <p>{{ t("pin-left", n=tries_left) }}</p>
//!         {% call ui.form("/pin") %}
//!         {{ ui.pin("pin", t("pin-label")) }}
//!         {{ ui.button("enter-pin", t("pin-go")) }}
//!         {% endcall %}
//!         {% endblock %}"#)])
//!     .texts(Lang::Ja, "service-name = カード\npin-title = 暗証番号の入力\npin-left = 残り{ $n }回です。\npin-label = 暗証番号\npin-go = 本人確認をする\npin-error = 4桁の数字で入力してください\n")
//!     .texts(Lang::En, "service-name = Card\npin-title = Enter your PIN\npin-left = { $n } tries left.\npin-label = PIN\npin-go = Confirm\npin-error = Enter four digits\n")
//!     .build()?;
//! let router = Routes::new(&site, ROUTES).get("/", show).post("/pin", enter).build(App { tries: 3 }).map_err(|e| Fault::routes(&e))?;
//! // web::serve(listener, router, None, shutdown).await?;
//! # let _ = router;
//! # Ok::<(), Fault>(())
//! ```
//!
//! # Templates
//!
//! A page extends `web/layout.html`, imports `web/ui.html` when it uses components, sets `h1` (the layout
//! prints it and builds the title from it) and fills block `body`; `header` may be set where the band shows something else than the text `service-name`.
//! Further blocks: `heading` (in place of the plain `<h1>`, with `ui.panel`), `account`, `navigation`,
//! `footer`. Components are the macros of `web/ui.html`: `form`, `upload_form` (large, with files: [`Upload`]),
//! `act` (a form with one button), `button`, `link_button`, `actions`, `field`, `textarea`, `pin`, `password`, `select`,
//! `radios`, `checkbox`, `checkboxes`, `file`, `hidden`, `navigation`, `banner`, `summary`, `dl`, `panel`, `tasks`, `chip`, `table`, `details`, `card`, `copy`, `time`, `date`.
//! Every variable must exist ([strict](minijinja::UndefinedBehavior::Strict)); `None` is fine.
//!
//! Functions: `t("key", name=value)` (text), `t_html("key", name=value)` (a text of ours that holds HTML;
//! arguments are escaped), `csrf("/path")`, `field_error("name")`. Filters: `long_date`, `long_time`,
//! `clock_time`, `iso_date`, `iso_time`, `tax_year`, `size`, `yen`. Times are microseconds (a serialised
//! [`base::Timestamp`]), days `2026-06-01`.
//!
//! # Errors
//!
//! Handlers return [`Fault`] for what is wrong on our side (every error converts with `?`): 500 with the
//! receipt number as a page or JSON, details in the log only. [`Refusal`] and [`Problem`] are for requests
//! that are not taken. A role's own error states are ordinary pages with [`Page::error`].

pub mod cookie;
pub mod fault;
mod fold;
pub mod form;
pub mod guard;
pub mod multipart;
pub mod origin;
pub mod outbound;
pub mod page;
mod prune;
pub mod routes;
pub mod serve;
pub mod site;
pub mod testing;
pub mod text;
pub mod visit;

mod assets;
mod gate;
mod headers;
mod templates;
mod texts;

pub use cookie::CookieSpec;
pub use fault::{Fault, Problem, Refusal};
pub use form::{ApiForm, Fields, Form, FormError};
pub use guard::FormKey;
pub use multipart::{FilePart, Upload};
pub use origin::{Origin, OriginError};
pub use page::{FieldError, Page};
pub use routes::{Route, RouteError, Routes, Who};
pub use serve::serve;
pub use site::{Browser, Environment, Receipt, Site, SiteBuilder, SiteError, Theme};
pub use visit::Visit;
