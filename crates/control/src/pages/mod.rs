//! The control plane's pages.

mod client;
mod deliveries;
mod jwks;
mod maintenance;
mod notices;
mod overview;
#[cfg(test)]
mod samples;

use axum::extract::{Path, State};
use desk::Desk;
use desk::kit::{StaffItem, StaffMember};
use desk::staff::StaffRole;
use web::{Form, Refusal, Route, Routes, Visit, Who};

use crate::Control;

/// Every address of the control plane.
pub const ROUTES: &[Route] = &[
    // Anybody: the portals fetch the desk's keys.
    Route::get("/registry/jwks.json", Who::Public),
    Route::get("/maintenance", Who::Browser),
    // Members: what runs out in their organisations.
    Route::get("/notices", Who::Member),
    // Staff; operators change, everybody of the staff may look.
    Route::get("/staff/control", Who::Staff),
    Route::post("/staff/control/look", Who::Staff),
    Route::get("/staff/control/{portal}/{kind}/{subject}", Who::Staff),
    Route::post("/staff/control/{portal}/{kind}/{subject}/again", Who::Staff),
    Route::post("/staff/control/suspend", Who::Staff),
    Route::get("/staff/deliveries", Who::Staff),
    Route::get("/staff/deliveries/{id}", Who::Staff),
    Route::post("/staff/deliveries/{id}", Who::Staff),
    Route::get("/staff/maintenance", Who::Staff),
    Route::post("/staff/maintenance", Who::Staff),
    Route::post("/staff/maintenance/{id}/withdraw", Who::Staff),
];

const LOOKERS: &[StaffRole] = &[StaffRole::Operator, StaffRole::Approver, StaffRole::Auditor];

/// Its parts of the staff's navigation.
pub(crate) const NAVIGATION: &[StaffItem] = &[
    StaffItem { href: "/staff/control", key: "control", roles: LOOKERS },
    StaffItem { href: "/staff/deliveries", key: "deliveries", roles: LOOKERS },
    StaffItem { href: "/staff/maintenance", key: "maintenance", roles: LOOKERS },
];

/// A form that is nothing but its button.
#[derive(serde::Deserialize)]
pub(crate) struct Pressed {}

/// Operators only.
fn must_operate(me: &StaffMember) -> Result<(), Refusal> {
    me.must_be(&[StaffRole::Operator])
}

/// Whether the page offers what only operators do.
fn operates(me: &StaffMember) -> bool {
    me.roles.has(StaffRole::Operator)
}

/// Registers the handlers.
pub(crate) fn mount(control: &Control, routes: Routes<Desk>) -> Routes<Desk> {
    let (a, b, c, d, e) = (control.clone(), control.clone(), control.clone(), control.clone(), control.clone());
    routes
        .get("/registry/jwks.json", jwks::get)
        .get("/maintenance", maintenance::public)
        .get("/notices", notices::show)
        .get("/staff/control", move |s: State<Desk>, v: Visit, me: StaffMember| overview::show(a.clone(), s, v, me))
        .post("/staff/control/look", move |s: State<Desk>, v: Visit, me: StaffMember, f: Form<Pressed>| {
            overview::look(b.clone(), s, v, me, f)
        })
        .get(
            "/staff/control/{portal}/{kind}/{subject}",
            move |s: State<Desk>, v: Visit, me: StaffMember, p: Path<(String, String, String)>| {
                client::show(c.clone(), s, v, me, p)
            },
        )
        .post(
            "/staff/control/{portal}/{kind}/{subject}/again",
            move |s: State<Desk>,
                  v: Visit,
                  me: StaffMember,
                  p: Path<(String, String, String)>,
                  f: Form<client::Note>| { client::again(d.clone(), s, v, me, p, f) },
        )
        .post("/staff/control/suspend", move |s: State<Desk>, v: Visit, me: StaffMember, f: Form<client::Suspend>| {
            client::suspend(e.clone(), s, v, me, f)
        })
        .get("/staff/deliveries", deliveries::list)
        .get("/staff/deliveries/{id}", deliveries::edit)
        .post("/staff/deliveries/{id}", deliveries::save)
        .get("/staff/maintenance", maintenance::staff)
        .post("/staff/maintenance", maintenance::announce_)
        .post("/staff/maintenance/{id}/withdraw", maintenance::withdraw_)
}
