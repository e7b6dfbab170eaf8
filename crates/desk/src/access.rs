//! Who may do what: extractors that stand before a handler's body.
//!
//! A person who is not a member gets the answer of an address that does not exist: whether an organisation or a case is
//! there is nobody else's business.

use accounts::{Account, MaybeSignedIn, Realm, SignedIn};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use web::{Fault, Refusal};

use crate::Desk;
use crate::frame::Frame;
use crate::org::{Organisation, Role};
use crate::staff::{StaffRole, StaffRoles};
use crate::store::{cases, orgs, staff};

/// Somebody of the API users' side who is signed in; maybe in no organisation yet.
#[derive(Clone, Debug)]
pub struct Person {
    pub account: Account,
}

/// A member of the organisation that the address is about: `{org}`, or the one of `{case}`.
#[derive(Clone, Debug)]
pub struct Member {
    pub account: Account,
    pub org: Organisation,
    pub role: Role,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct StaffMember {
    /// Their account.
    pub account: Account,
    /// What they may do.
    pub roles: StaffRoles,
    /// Whether they proved who they are a moment ago ([`SignedIn::is_fresh`]): what sensitive decisions need.
    pub fresh: bool,
}

impl Member {
    /// Refuses who may only look.
    pub fn must_edit(&self) -> Result<(), Refusal> {
        if self.role.may_edit() { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Refuses who does not look after the organisation.
    pub fn must_own(&self) -> Result<(), Refusal> {
        if self.role.owns() { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Their id.
    pub fn id(&self) -> &str {
        &self.account.id
    }
}

impl StaffMember {
    /// Refuses who has none of these roles.
    pub fn must_be(&self, any: &[StaffRole]) -> Result<(), Refusal> {
        if any.iter().any(|r| self.roles.has(*r)) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Their id.
    pub fn id(&self) -> &str {
        &self.account.id
    }
}

async fn signed_in(parts: &mut Parts, desk: &Desk) -> Result<SignedIn, Response> {
    SignedIn::from_request_parts(parts, desk).await
}

impl FromRequestParts<Desk> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        let signed = signed_in(parts, desk).await?;
        // The realm follows from the route's row; this holds whatever the row says.
        if signed.realm != Realm::Member {
            return Err(Refusal::NotFound.into_response());
        }
        Ok(Self { account: signed.account })
    }
}

impl FromRequestParts<Desk> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        let Person { account } = Person::from_request_parts(parts, desk).await?;
        let params = RawPathParams::from_request_parts(parts, desk).await.map_err(IntoResponse::into_response)?;
        let param = |name: &str| params.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_owned());
        let (org, case) = (param("org"), param("case"));
        let id = account.id.clone();
        let found = desk
            .db()
            .read(move |tx| {
                let org = match (org, case) {
                    (Some(org), _) => Some(org),
                    (None, Some(case)) => cases::org_of(tx, &case)?,
                    (None, None) => None,
                };
                let Some(org) = org else { return Ok(None) };
                let Some(role) = orgs::role_of(tx, &org, &id)? else { return Ok(None) };
                Ok::<_, ::store::Error>(orgs::get(tx, &org)?.map(|org| (org, role)))
            })
            .await
            .map_err(|e| Fault::from(e).into_response())?;
        let (org, role) = found.ok_or_else(|| Refusal::NotFound.into_response())?;
        Ok(Self { account, org, role })
    }
}

impl FromRequestParts<Desk> for StaffMember {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Response> {
        let signed = signed_in(parts, desk).await?;
        if signed.realm != Realm::Staff {
            return Err(Refusal::NotFound.into_response());
        }
        let id = signed.account.id.clone();
        let roles = desk.db().read(move |tx| staff::get(tx, &id)).await.map_err(|e| Fault::from(e).into_response())?;
        let roles = roles.map(|text| StaffRoles::parse(&text)).filter(|r| !r.is_empty());
        let roles = roles.ok_or_else(|| Refusal::Forbidden.into_response())?;
        let fresh = signed.is_fresh(desk.now());
        Ok(Self { account: signed.account, roles, fresh })
    }
}

/// The frame of a page that anybody may read.
pub fn frame_of(me: &MaybeSignedIn, here: &'static str) -> Frame {
    match &me.0 {
        Some(s) => Frame::person(&s.account, here),
        None => Frame::stranger(here),
    }
}
