//! The room's routes. Each handler says which roles may do what; to a member of an API user's organisation none of them exists.

use desk::Desk;
use web::{Route, Routes, Who};

use crate::{case, faq, figures, inquiry, people, queue, record, services, template};

/// Largest body with files.
const FILES: usize = 32 * 1024 * 1024;

/// Every address of the staff's side but the sign-in kit's.
pub const ROUTES: &[Route] = &[
    Route::get("/staff", Who::Staff),
    Route::get("/staff/cases/{case}", Who::Staff),
    Route::post("/staff/cases/{case}/assign", Who::Staff),
    Route::post("/staff/cases/{case}/act", Who::Staff),
    Route::get("/staff/cases/{case}/decide", Who::Staff),
    Route::post("/staff/cases/{case}/review", Who::Staff),
    Route::post("/staff/cases/{case}/approve", Who::Staff),
    Route::post("/staff/cases/{case}/return", Who::Staff),
    Route::post("/staff/cases/{case}/send-back", Who::Staff),
    Route::get("/staff/cases/{case}/forms/{form}", Who::Staff),
    Route::post("/staff/cases/{case}/forms/{form}/comments", Who::Staff),
    Route::post("/staff/cases/{case}/comments/{no}/resolve", Who::Staff),
    Route::get("/staff/cases/{case}/files/{file}", Who::Staff),
    Route::get("/staff/cases/{case}/message", Who::Staff),
    Route::post("/staff/cases/{case}/message", Who::Staff),
    Route::get("/staff/services", Who::Staff),
    Route::get("/staff/services/{service}/suspend", Who::Staff),
    Route::post("/staff/services/{service}/suspend", Who::Staff),
    Route::get("/staff/inquiries", Who::Staff),
    Route::get("/staff/inquiries/{thread}", Who::Staff),
    Route::post("/staff/inquiries/{thread}", Who::Staff).body(FILES),
    Route::post("/staff/inquiries/{thread}/assign", Who::Staff),
    Route::post("/staff/inquiries/{thread}/status", Who::Staff),
    Route::get("/staff/inquiries/{thread}/files/{file}", Who::Staff),
    Route::get("/staff/faq", Who::Staff),
    Route::get("/staff/faq/new", Who::Staff),
    Route::post("/staff/faq/new", Who::Staff).body(TEXTS),
    Route::get("/staff/faq/{id}", Who::Staff),
    Route::post("/staff/faq/{id}", Who::Staff).body(TEXTS),
    Route::post("/staff/faq/{id}/move", Who::Staff),
    Route::post("/staff/faq/{id}/publish", Who::Staff),
    Route::get("/staff/faq/{id}/history", Who::Staff),
    Route::get("/staff/templates", Who::Staff),
    Route::get("/staff/templates/new", Who::Staff),
    Route::post("/staff/templates/new", Who::Staff).body(TEXTS),
    Route::get("/staff/templates/{id}", Who::Staff),
    Route::post("/staff/templates/{id}", Who::Staff).body(TEXTS),
    Route::post("/staff/templates/{id}/retire", Who::Staff),
    Route::get("/staff/templates/{id}/history", Who::Staff),
    Route::get("/staff/figures", Who::Staff),
    Route::get("/staff/figures.csv", Who::Staff),
    Route::get("/staff/record", Who::Staff),
    Route::get("/staff/record.csv", Who::Staff),
    Route::get("/staff/people", Who::Staff),
    Route::post("/staff/people", Who::Staff),
    Route::post("/staff/people/invitations/{id}/withdraw", Who::Staff),
    Route::get("/staff/people/{account}", Who::Staff),
    Route::post("/staff/people/{account}", Who::Staff),
];

/// Largest body with a text in two languages.
const TEXTS: usize = 256 * 1024;

/// Registers the handlers.
pub(crate) fn mount(routes: Routes<Desk>) -> Routes<Desk> {
    routes
        .get("/staff", queue::show)
        .get("/staff/cases/{case}", case::page::show)
        .post("/staff/cases/{case}/assign", case::act::assign)
        .post("/staff/cases/{case}/act", case::act::act)
        .get("/staff/cases/{case}/decide", case::decide::show)
        .post("/staff/cases/{case}/review", case::decide::review)
        .post("/staff/cases/{case}/approve", case::decide::approve)
        .post("/staff/cases/{case}/return", case::decide::give_back)
        .post("/staff/cases/{case}/send-back", case::decide::send_back)
        .get("/staff/cases/{case}/forms/{form}", case::form::show)
        .post("/staff/cases/{case}/forms/{form}/comments", case::form::comment)
        .post("/staff/cases/{case}/comments/{no}/resolve", case::form::resolve)
        .get("/staff/cases/{case}/files/{file}", case::form::file)
        .get("/staff/cases/{case}/message", case::message::show)
        .post("/staff/cases/{case}/message", case::message::send)
        .get("/staff/services", services::list)
        .get("/staff/services/{service}/suspend", services::ask)
        .post("/staff/services/{service}/suspend", services::suspend)
        .get("/staff/inquiries", inquiry::list)
        .get("/staff/inquiries/{thread}", inquiry::show)
        .post("/staff/inquiries/{thread}", inquiry::write)
        .post("/staff/inquiries/{thread}/assign", inquiry::assign)
        .post("/staff/inquiries/{thread}/status", inquiry::status)
        .get("/staff/inquiries/{thread}/files/{file}", inquiry::file)
        .get("/staff/faq", faq::list)
        .get("/staff/faq/new", faq::new)
        .post("/staff/faq/new", faq::create)
        .get("/staff/faq/{id}", faq::edit)
        .post("/staff/faq/{id}", faq::save)
        .post("/staff/faq/{id}/move", faq::shift)
        .post("/staff/faq/{id}/publish", faq::publish)
        .get("/staff/faq/{id}/history", faq::history)
        .get("/staff/templates", template::list)
        .get("/staff/templates/new", template::new)
        .post("/staff/templates/new", template::create)
        .get("/staff/templates/{id}", template::edit)
        .post("/staff/templates/{id}", template::save)
        .post("/staff/templates/{id}/retire", template::retire)
        .get("/staff/templates/{id}/history", template::history)
        .get("/staff/figures", figures::page::show)
        .get("/staff/figures.csv", figures::page::csv)
        .get("/staff/record", record::show)
        .get("/staff/record.csv", record::csv)
        .get("/staff/people", people::list)
        .post("/staff/people", people::invite)
        .post("/staff/people/invitations/{id}/withdraw", people::withdraw)
        .get("/staff/people/{account}", people::person)
        .post("/staff/people/{account}", people::change)
}
