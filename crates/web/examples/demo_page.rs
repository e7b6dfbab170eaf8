//! Shows every component on one page, for the eye: `cargo run -p enishi-web --example demo_page -- 7009 portal`,
//! then `http://localhost:7009/`, `/form`, `/done`, `/missing`, `/fault`.

use axum::response::Response;
use base::{Lang, Timestamp};
use web::{Fault, FieldError, Form, Origin, Route, Routes, Site, Theme, Visit, Who};

const ROUTES: &[Route] = &[
    Route::get("/", Who::Browser),
    Route::get("/form", Who::Browser),
    Route::post("/form", Who::Browser),
    Route::get("/done", Who::Browser),
    Route::get("/fault", Who::Public),
    Route::post("/go", Who::Browser),
];

async fn all(visit: Visit) -> Response {
    visit.page("all.html", "all").step(3).with(minijinja::context! { now => 1_780_239_900_000_000_i64 }).respond()
}

async fn form(visit: Visit) -> Response {
    visit.page("form.html", "pin").step(2).back("/").respond()
}

async fn sent(visit: Visit, Form(fields): Form<web::Fields>) -> Result<Response, Fault> {
    if fields.get("pin").and_then(web::form::digits).is_some_and(|pin| pin == "1111") {
        return Ok(visit.redirect("/done"));
    }
    let errors = vec![FieldError { field: "pin".into(), message: visit.text("pin-wrong", &[])? }];
    Ok(visit.page("form.html", "pin").step(2).back("/").at("/form").errors(errors).respond())
}

async fn done(visit: Visit) -> Response {
    let now: Timestamp = visit.site().clock().now();
    visit
        .page("done.html", "linked")
        .step(5)
        .outcome("linked")
        .with(std::collections::BTreeMap::from([("now", now)]))
        .respond()
}

async fn fault() -> Result<Response, Fault> {
    Err(Fault::new("this is what a fault looks like"))
}

async fn go(visit: Visit, Form(_): Form<web::Fields>) -> Response {
    visit.redirect("/")
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().unwrap_or_else(|| "7009".to_owned()).parse()?;
    let theme = match args.next().as_deref() {
        Some("delivery") => Theme::Delivery,
        Some("sample") => Theme::Sample,
        Some("card") => Theme::Card,
        _ => Theme::Portal,
    };
    let site = Site::builder("demo", Origin::parse(&format!("http://localhost:{port}"))?)
        .theme(theme)
        .templates(&[
            ("all.html", include_str!("demo_page/all.html")),
            ("form.html", include_str!("demo_page/form.html")),
            ("done.html", include_str!("demo_page/done.html")),
        ])
        .texts(Lang::Ja, include_str!("demo_page/ja.ftl"))
        .texts(Lang::En, include_str!("demo_page/en.ftl"))
        .build()?;
    let router = Routes::new(&site, ROUTES)
        .get("/", all)
        .get("/form", form)
        .post("/form", sent)
        .get("/done", done)
        .get("/fault", fault)
        .post("/go", go)
        .build(())
        .map_err(|errors| Fault::routes(&errors))?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    web::serve(listener, router, None, async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await?;
    Ok(())
}
