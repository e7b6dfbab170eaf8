//! What a page costs, and what the gate adds to an API answer: `cargo run --release -p enishi-web --example render_cost`.

use base::Lang;
use tower::ServiceExt as _;
use web::{Fault, FieldError, Origin, Route, Routes, Site, Who};

const ROUTES: &[Route] = &[Route::post("/api/echo", Who::ClientAuth)];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let site = Site::builder("demo", Origin::parse("http://localhost:7009")?)
        .templates(&[
            ("all.html", include_str!("demo_page/all.html")),
            ("form.html", include_str!("demo_page/form.html")),
        ])
        .texts(Lang::Ja, include_str!("demo_page/ja.ftl"))
        .texts(Lang::En, include_str!("demo_page/en.ftl"))
        .build()?;
    let visit = site.visit(Lang::Ja);
    let wrong = || vec![FieldError { field: "pin".into(), message: "暗証番号が違います。".into() }];
    let rounds = 4_000;
    type Make<'a> = &'a dyn Fn() -> web::Page;
    let cases: [(&str, Make<'_>); 3] = [
        ("every component", &|| {
            visit
                .page("all.html", "all")
                .step(3)
                .with(std::collections::BTreeMap::from([("now", 1_780_239_900_000_000_i64)]))
        }),
        ("a form", &|| visit.page("form.html", "pin").step(2)),
        ("a form with errors", &|| visit.page("form.html", "pin").step(2).errors(wrong())),
    ];
    for (name, make) in cases {
        let mut bytes = 0;
        let started = std::time::Instant::now();
        for _ in 0..rounds {
            bytes = make().html()?.len();
        }
        let each = started.elapsed() / rounds;
        std::io::Write::write_all(&mut std::io::stdout(), format!("{name}: {each:?} for {bytes} bytes\n").as_bytes())?;
    }
    let router = Routes::new(&site, ROUTES)
        .post("/api/echo", async |form: web::ApiForm| format!("{form:?}"))
        .build(())
        .map_err(|errors| Fault::routes(&errors))?;
    let started = std::time::Instant::now();
    for _ in 0..rounds {
        let request = http::Request::post("/api/echo")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from("grant_type=authorization_code&code=x"))?;
        router.clone().oneshot(request).await?;
    }
    let each = started.elapsed() / rounds;
    std::io::Write::write_all(&mut std::io::stdout(), format!("an API answer: {each:?}\n").as_bytes())?;
    Ok(())
}
