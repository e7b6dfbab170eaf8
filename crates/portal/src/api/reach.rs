//! What a grant of `delivered_documents` opens.

use oauth::rar::{DocumentAction, Granted, GrantedDocuments};
use provider::GrantBody;
use serde::Deserialize;
use web::form::Fields;

use super::ApiError;

/// What the citizen agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    actions: Vec<DocumentAction>,
    types: Option<Vec<String>>,
    years: Option<Vec<i16>>,
    /// Every service that was asked for by name, or all that were linked: each gets a status.
    pub(super) services: Vec<String>,
    /// Those that were linked when the citizen agreed: only these are read.
    open: Vec<String>,
}

impl Reach {
    /// Out of a grant; the provider has checked that it lives.
    pub(super) fn of(body: &GrantBody) -> Result<Self, ApiError> {
        #[derive(Deserialize)]
        struct Private {
            delivery_services: Vec<String>,
        }
        let granted = body.details.iter().find_map(|d| match d {
            Granted::DeliveredDocuments { granted } => Some(granted),
            _ => None,
        });
        let Some(granted) = granted else {
            return Err(ApiError::not_granted(
                "the citizen was not asked for documents; ask with authorization_details of type delivered_documents",
            ));
        };
        let open = serde_json::from_value::<Private>(body.private.clone().into()).map(|p| p.delivery_services);
        Ok(Self::new(granted, open.unwrap_or_default()))
    }

    fn new(granted: &GrantedDocuments, open: Vec<String>) -> Self {
        Self {
            actions: granted.actions.clone(),
            types: granted.document_types.clone(),
            years: granted.years.clone(),
            services: granted.delivery_services.clone().unwrap_or_else(|| open.clone()),
            open,
        }
    }

    /// Whether an action was agreed to.
    pub(super) fn may(&self, action: DocumentAction) -> Result<(), ApiError> {
        if self.actions.contains(&action) {
            return Ok(());
        }
        let name = match action {
            DocumentAction::List => "list",
            DocumentAction::Read => "read",
        };
        Err(ApiError::not_granted(format!("the action '{name}' was not asked for in delivered_documents")))
    }

    /// Whether a service may be read.
    pub(super) fn opens(&self, service: &str) -> bool {
        self.open.iter().any(|s| s == service) && self.services.iter().any(|s| s == service)
    }

    /// Whether a document is within what was agreed to. One without a year is no document of a year.
    pub(super) fn covers(&self, kind: &str, year: Option<i16>) -> bool {
        let type_ok = self.types.as_ref().is_none_or(|types| types.iter().any(|t| t == kind));
        let year_ok = self.years.as_ref().is_none_or(|years| year.is_some_and(|y| years.contains(&y)));
        type_ok && year_ok
    }

    /// Narrows it by the filters of a request. What was not agreed to is an error, not an empty list: it
    /// would look as if there were nothing.
    pub(super) fn narrowed(mut self, query: &str) -> Result<Self, ApiError> {
        let fields = Fields::parse(query.as_bytes()).map_err(|e| ApiError::bad_parameter(e.to_string()))?;
        for (name, value) in fields.iter() {
            match name {
                "delivery_service" => {
                    if !self.services.iter().any(|s| s == value) {
                        return Err(ApiError::not_granted(format!(
                            "documents of the delivery service '{value}' were not asked for; granted: {}",
                            self.services.join(", ")
                        )));
                    }
                    self.services = vec![value.to_owned()];
                }
                "type" => {
                    if self.types.as_ref().is_some_and(|types| !types.iter().any(|t| t == value)) {
                        return Err(ApiError::not_granted(format!("documents of type '{value}' were not asked for")));
                    }
                    self.types = Some(vec![value.to_owned()]);
                }
                "year" => {
                    let Ok(year) = value.parse::<i16>() else {
                        return Err(ApiError::bad_parameter("year has to be a Gregorian year such as 2026"));
                    };
                    if self.years.as_ref().is_some_and(|years| !years.contains(&year)) {
                        return Err(ApiError::not_granted(format!("documents of the year {year} were not asked for")));
                    }
                    self.years = Some(vec![year]);
                }
                other => {
                    return Err(ApiError::bad_parameter(format!(
                        "'{other}' is no parameter here; there are delivery_service, type and year"
                    )));
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach() -> Reach {
        Reach {
            actions: vec![DocumentAction::List],
            types: Some(vec!["TEG800".into(), "TEG810".into()]),
            years: Some(vec![2025, 2026]),
            services: vec!["post".into(), "mail".into()],
            open: vec!["post".into()],
        }
    }

    fn code(e: ApiError) -> String {
        match e {
            ApiError::Problem(p) => serde_json::to_value(&*p).unwrap()["code"].as_str().unwrap().to_owned(),
            ApiError::Fault(f) => panic!("{f:?}"),
        }
    }

    #[test]
    fn only_what_was_agreed_to() {
        let r = reach();
        assert!(r.may(DocumentAction::List).is_ok());
        assert_eq!(code(r.may(DocumentAction::Read).unwrap_err()), "not_granted");
        assert!(r.covers("TEG800", Some(2026)) && r.covers("TEG810", Some(2025)));
        assert!(!r.covers("TEG840", Some(2026)) && !r.covers("TEG800", Some(2024)) && !r.covers("TEG800", None));
        assert!(r.opens("post"));
        // Named, but not linked when the citizen agreed; and linked, but not named.
        assert!(!r.opens("mail") && !r.opens("other"));
        let all = Reach { types: None, years: None, ..reach() };
        assert!(all.covers("X", None));
    }

    #[test]
    fn filters_narrow_and_never_widen() {
        let r = reach().narrowed("delivery_service=post&type=TEG800&year=2026").unwrap();
        assert_eq!(r.services, ["post"]);
        assert!(r.covers("TEG800", Some(2026)) && !r.covers("TEG800", Some(2025)) && !r.covers("TEG810", Some(2026)));
        assert_eq!(reach().narrowed("").unwrap(), reach());
        for (query, want) in [
            ("delivery_service=other", "not_granted"),
            ("type=TEG840", "not_granted"),
            ("year=2024", "not_granted"),
            ("year=R8", "bad_parameter"),
            ("limit=1", "bad_parameter"),
            ("year=2026&year=2025", "bad_parameter"),
            ("year=%", "bad_parameter"),
        ] {
            assert_eq!(code(reach().narrowed(query).unwrap_err()), want, "{query}");
        }
    }
}
