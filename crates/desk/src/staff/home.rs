//! `GET /staff`: where a member of staff begins.

use axum::response::Response;
use serde::Serialize;
use web::{Page, Visit};

use crate::access::StaffMember;
use crate::frame::{Frame, page};

#[derive(Serialize)]
struct Home {
    roles: Vec<&'static str>,
}

/// `GET /staff`
pub(crate) async fn show(visit: Visit, me: StaffMember) -> Response {
    home_page(&visit, &me).respond()
}

pub(crate) fn home_page(visit: &Visit, me: &StaffMember) -> Page {
    let own = Home { roles: me.roles.iter().map(super::StaffRole::as_str).collect() };
    page(visit, Frame::staff(&me.account, Some(&me.roles), "staff"), "staff-home.html", "staff-home", own)
}
