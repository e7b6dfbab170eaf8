//! The kit's routes. The pages of a realm stand twice: below `/` for members, below `/staff` for staff.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use web::{Form, Route, Routes, Visit, Who};

use crate::pages::{account, again, email, factors, forgot, invitation, passkeys, register, second, sign_in};
use crate::{Accounts, ClientAddress, Realm};

/// Largest body of the kit's forms; the largest is a new passkey.
const BODY: usize = 16 * 1024;

macro_rules! table {
    (all: [$($all:expr),* $(,)?] browser: [$($bv:ident $b:literal),* $(,)?] person: [$($pv:ident $p:literal),* $(,)?]) => {
        &[
            $($all,)*
            $(Route::$bv($b, Who::Browser).body(BODY), Route::$bv(concat!("/staff", $b), Who::Browser).body(BODY),)*
            $(Route::$pv($p, Who::Member).body(BODY), Route::$pv(concat!("/staff", $p), Who::Staff).body(BODY),)*
        ]
    };
}

/// Every route and who may call it.
pub const ROUTES: &[Route] = table! {
    all: [
        Route::get("/accounts/passkey.js", Who::Public),
        Route::get("/register", Who::Browser),
        Route::post("/register", Who::Browser).body(BODY),
        Route::get("/register/sent", Who::Browser),
        Route::get("/register/{token}", Who::Browser),
        Route::post("/register/{token}", Who::Browser).body(BODY),
        Route::get("/reset/{token}", Who::Browser),
        Route::post("/reset/{token}", Who::Browser).body(BODY),
        Route::get("/email/{token}", Who::Browser),
        Route::post("/email/{token}", Who::Browser).body(BODY),
        Route::get("/invitation/{token}", Who::Browser),
        Route::post("/invitation/{token}", Who::Browser).body(BODY),
        Route::get("/outbox", Who::SandboxPage),
        Route::get("/outbox/{id}", Who::SandboxPage),
    ]
    browser: [
        get "/sign-in", post "/sign-in", post "/sign-in/passkey",
        get "/sign-in/second", post "/sign-in/second", post "/sign-in/second/passkey",
        get "/sign-in/recovery", post "/sign-in/recovery",
        post "/sign-out",
        get "/forgot", post "/forgot", get "/forgot/sent",
    ]
    person: [
        get "/account", post "/account/profile",
        get "/account/password", post "/account/password",
        get "/account/email", post "/account/email",
        get "/account/factors",
        get "/account/totp", post "/account/totp", post "/account/totp/remove",
        get "/account/passkeys", post "/account/passkeys", post "/account/passkeys/remove",
        get "/account/recovery", post "/account/recovery", post "/account/recovery/done",
        post "/account/sessions/end",
        get "/account/again", post "/account/again", post "/account/again/passkey",
    ]
};

const SCRIPT: &str = include_str!("../assets/passkey.js");

/// The script's address: it changes with its content, so that browsers may keep it for good.
pub(crate) fn script_path() -> String {
    let hash: String = base::codec::sha256(SCRIPT.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("/accounts/passkey.js?v={hash}")
}

fn script() -> Response {
    let mut response = SCRIPT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

impl Accounts {
    /// Registers the kit's handlers and its table.
    pub fn mount<S: Clone + Send + Sync + 'static>(&self, routes: Routes<S>) -> Routes<S> {
        /// A handler that gives its extracted arguments to a method of the kit.
        macro_rules! to {
            ($method:ident($($arg:ident: $kind:ty),*)) => {{
                let kit = self.clone();
                async move |$($arg: $kind),*| kit.$method($($arg),*).await
            }};
        }
        /// The same for a page of each realm.
        macro_rules! both {
            ($routes:expr; $($verb:ident $path:literal $method:ident($($arg:ident: $kind:ty),*);)*) => {{
                let mut routes = $routes;
                $(
                    let kit = self.clone();
                    routes = routes.$verb($path, async move |$($arg: $kind),*| kit.$method(Realm::Member, $($arg),*).await);
                    let kit = self.clone();
                    routes = routes.$verb(concat!("/staff", $path), async move |$($arg: $kind),*| kit.$method(Realm::Staff, $($arg),*).await);
                )*
                routes
            }};
        }
        let routes = routes
            .table(ROUTES)
            .get("/accounts/passkey.js", async || script())
            .get("/register", to!(register(visit: Visit)))
            .post("/register", to!(register_post(visit: Visit, from: ClientAddress, form: Form<register::AskForm>)))
            .get("/register/sent", to!(register_sent(visit: Visit)))
            .get("/register/{token}", to!(register_link(visit: Visit, token: Path<String>)))
            .post(
                "/register/{token}",
                to!(register_link_post(visit: Visit, headers: HeaderMap, token: Path<String>, form: Form<register::NewForm>)),
            )
            .get("/reset/{token}", to!(reset(visit: Visit, token: Path<String>)))
            .post("/reset/{token}", to!(reset_post(visit: Visit, token: Path<String>, form: Form<forgot::ResetForm>)))
            .get("/email/{token}", to!(email_link(visit: Visit, token: Path<String>)))
            .post("/email/{token}", to!(email_link_post(visit: Visit, token: Path<String>, form: Form<email::AgreeForm>)))
            .get("/invitation/{token}", to!(invitation(visit: Visit, token: Path<String>)))
            .post(
                "/invitation/{token}",
                to!(invitation_post(visit: Visit, headers: HeaderMap, token: Path<String>, form: Form<invitation::AcceptForm>)),
            )
            .get("/outbox", to!(outbox(visit: Visit)))
            .get("/outbox/{id}", to!(outbox_mail(visit: Visit, id: Path<String>)));
        both! { routes;
            get "/sign-in" sign_in(visit: Visit);
            post "/sign-in" sign_in_post(visit: Visit, from: ClientAddress, headers: HeaderMap, form: Form<sign_in::SignInForm>);
            post "/sign-in/passkey" sign_in_passkey(visit: Visit, from: ClientAddress, headers: HeaderMap, form: Form<passkeys::AssertionForm>);
            get "/sign-in/second" second(visit: Visit);
            post "/sign-in/second" second_post(visit: Visit, headers: HeaderMap, form: Form<second::CodeForm>);
            post "/sign-in/second/passkey" second_passkey(visit: Visit, headers: HeaderMap, form: Form<passkeys::AssertionForm>);
            get "/sign-in/recovery" recovery_sign_in(visit: Visit);
            post "/sign-in/recovery" recovery_sign_in_post(visit: Visit, headers: HeaderMap, form: Form<second::CodeForm>);
            post "/sign-out" sign_out(visit: Visit, form: Form<sign_in::NoFields>);
            get "/forgot" forgot(visit: Visit);
            post "/forgot" forgot_post(visit: Visit, from: ClientAddress, form: Form<register::AskForm>);
            get "/forgot/sent" forgot_sent(visit: Visit);
            get "/account" account(visit: Visit);
            post "/account/profile" profile_post(visit: Visit, form: Form<account::ProfileForm>);
            get "/account/password" password(visit: Visit);
            post "/account/password" password_post(visit: Visit, from: ClientAddress, headers: HeaderMap, form: Form<account::PasswordForm>);
            get "/account/email" email(visit: Visit);
            post "/account/email" email_post(visit: Visit, form: Form<email::EmailForm>);
            get "/account/factors" factors(visit: Visit);
            get "/account/totp" totp(visit: Visit);
            post "/account/totp" totp_post(visit: Visit, headers: HeaderMap, form: Form<factors::TotpForm>);
            post "/account/totp/remove" totp_remove(visit: Visit, form: Form<sign_in::NoFields>);
            get "/account/passkeys" passkey(visit: Visit);
            post "/account/passkeys" passkey_post(visit: Visit, headers: HeaderMap, form: Form<passkeys::NewForm>);
            post "/account/passkeys/remove" passkey_remove(visit: Visit, form: Form<passkeys::RemoveForm>);
            get "/account/recovery" recovery(visit: Visit);
            post "/account/recovery" recovery_post(visit: Visit, form: Form<sign_in::NoFields>);
            post "/account/recovery/done" recovery_done(visit: Visit, form: Form<factors::DoneForm>);
            post "/account/sessions/end" session_end(visit: Visit, form: Form<account::EndForm>);
            get "/account/again" again(visit: Visit);
            post "/account/again" again_post(visit: Visit, from: ClientAddress, headers: HeaderMap, form: Form<again::AgainForm>);
            post "/account/again/passkey" again_passkey(visit: Visit, headers: HeaderMap, form: Form<passkeys::AssertionForm>);
        }
    }
}
