//! The desk's own routes. The sign-in kit brings its own table.

use axum::Router;
use web::{Fault, Route, Routes, Who};

use crate::{Desk, case, documents, faq, form, help, home, inquiry, org};

/// Largest body with files: twenty of the largest would be more than anybody needs at once.
const FILES: usize = 32 * 1024 * 1024;

/// Largest filled-in spreadsheet with its envelope.
const SHEET: usize = 5 * 1024 * 1024;

/// Every address of the desk but the sign-in kit's and those that all sites share.
pub const ROUTES: &[Route] = &[
    // Anybody.
    Route::get("/", Who::Browser),
    Route::get("/faq", Who::Browser),
    Route::get("/help/keys", Who::Browser),
    // Anybody of the API users' side who is signed in.
    Route::get("/inquiries", Who::Member),
    Route::get("/inquiries/new", Who::Member),
    Route::post("/inquiries", Who::Member).body(FILES),
    Route::get("/inquiries/{thread}", Who::Member),
    Route::post("/inquiries/{thread}", Who::Member).body(FILES),
    Route::post("/inquiries/{thread}/close", Who::Member),
    Route::get("/inquiries/{thread}/files/{file}", Who::Member),
    Route::get("/orgs/new", Who::Member),
    Route::post("/orgs/new", Who::Member),
    // Members of the organisation; who may do what is said at each handler.
    Route::get("/orgs/{org}", Who::Member),
    Route::get("/orgs/{org}/edit", Who::Member),
    Route::post("/orgs/{org}/edit", Who::Member),
    Route::get("/orgs/{org}/members", Who::Member),
    Route::post("/orgs/{org}/invitations", Who::Member),
    Route::post("/orgs/{org}/invitations/{id}/withdraw", Who::Member),
    Route::get("/orgs/{org}/members/{account}", Who::Member),
    Route::post("/orgs/{org}/members/{account}/role", Who::Member),
    Route::post("/orgs/{org}/members/{account}/remove", Who::Member),
    Route::post("/orgs/{org}/hand-over", Who::Member),
    Route::get("/orgs/{org}/documents", Who::Member),
    Route::get("/orgs/{org}/documents/{id}", Who::Member),
    Route::get("/orgs/{org}/start", Who::Member),
    Route::post("/orgs/{org}/start", Who::Member),
    // Members of the case's organisation.
    Route::get("/cases/{case}", Who::Member),
    Route::post("/cases/{case}/act", Who::Member),
    Route::get("/cases/{case}/check", Who::Member),
    Route::post("/cases/{case}/submit", Who::Member),
    Route::get("/cases/{case}/submitted", Who::Member),
    Route::get("/cases/{case}/files/{file}", Who::Member),
    Route::get("/cases/{case}/forms/{form}", Who::Member),
    Route::post("/cases/{case}/forms/{form}", Who::Member).body(FILES),
    Route::get("/cases/{case}/forms/{form}/sheet", Who::Member),
    Route::post("/cases/{case}/forms/{form}/sheet", Who::Member).body(SHEET),
    Route::get("/cases/{case}/forms/{form}/upload", Who::Member),
    Route::post("/cases/{case}/forms/{form}/upload/take", Who::Member),
    Route::post("/cases/{case}/forms/{form}/upload/drop", Who::Member),
    Route::get("/cases/{case}/forms/{form}/versions/{no}", Who::Member),
    Route::get("/cases/{case}/forms/{form}/versions/{no}/xlsx", Who::Member),
    Route::get("/cases/{case}/forms/{form}/versions/{no}/pdf", Who::Member),
];

/// The router, with the sign-in kit mounted.
pub(crate) fn build(desk: &Desk) -> Result<Router, Fault> {
    let ready = desk.db().clone();
    let routes = desk
        .accounts()
        .mount(Routes::new(desk.site(), ROUTES))
        .ready(move || {
            let db = ready.clone();
            async move { db.ping().await.map_err(|e| e.to_string()) }
        })
        .get("/", home::show)
        .get("/faq", faq::show)
        .get("/help/keys", help::keys)
        .get("/inquiries", inquiry::pages::list)
        .get("/inquiries/new", inquiry::pages::new)
        .post("/inquiries", inquiry::write::ask)
        .get("/inquiries/{thread}", inquiry::pages::show)
        .post("/inquiries/{thread}", inquiry::write::reply)
        .post("/inquiries/{thread}/close", inquiry::write::close)
        .get("/inquiries/{thread}/files/{file}", inquiry::pages::file)
        .get("/orgs/new", org::pages::new)
        .post("/orgs/new", org::pages::create)
        .get("/orgs/{org}", org::pages::show)
        .get("/orgs/{org}/edit", org::pages::edit)
        .post("/orgs/{org}/edit", org::pages::save)
        .get("/orgs/{org}/members", org::people::show)
        .post("/orgs/{org}/invitations", org::people::invite)
        .post("/orgs/{org}/invitations/{id}/withdraw", org::people::withdraw)
        .get("/orgs/{org}/members/{account}", org::people::member)
        .post("/orgs/{org}/members/{account}/role", org::people::set_role)
        .post("/orgs/{org}/members/{account}/remove", org::people::remove)
        .post("/orgs/{org}/hand-over", org::people::hand_over)
        .get("/orgs/{org}/documents", documents::list)
        .get("/orgs/{org}/documents/{id}", documents::get)
        .get("/orgs/{org}/start", case::start::show)
        .post("/orgs/{org}/start", case::start::begin)
        .get("/cases/{case}", case::page::show)
        .post("/cases/{case}/act", case::page::act)
        .get("/cases/{case}/check", case::submit::check)
        .post("/cases/{case}/submit", case::submit::submit)
        .get("/cases/{case}/submitted", case::submit::submitted)
        .get("/cases/{case}/files/{file}", form::edit::file)
        .get("/cases/{case}/forms/{form}", form::edit::show)
        .post("/cases/{case}/forms/{form}", form::edit::save)
        .get("/cases/{case}/forms/{form}/sheet", form::paper::get_sheet)
        .post("/cases/{case}/forms/{form}/sheet", form::paper::put_sheet)
        .get("/cases/{case}/forms/{form}/upload", form::paper::look)
        .post("/cases/{case}/forms/{form}/upload/take", form::paper::take)
        .post("/cases/{case}/forms/{form}/upload/drop", form::paper::forget)
        .get("/cases/{case}/forms/{form}/versions/{no}", form::read::show)
        .get("/cases/{case}/forms/{form}/versions/{no}/xlsx", form::paper::xlsx)
        .get("/cases/{case}/forms/{form}/versions/{no}/pdf", form::paper::pdf);
    let routes = desk.extensions().iter().fold(routes, |routes, e| match &e.mount {
        Some(mount) => mount(routes.table(e.routes)),
        None => routes.table(e.routes),
    });
    routes.build(desk.clone()).map_err(|e| Fault::routes(&e))
}
