//! What a role grants, and what a resource sees of it.

use std::sync::Arc;

use base::Timestamp;
use oauth::Scope;
use oauth::rar::Granted;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Client;

/// What was granted, kept with the code and behind every token of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GrantBody {
    /// Where the code goes.
    pub redirect_uri: String,
    /// PKCE challenge of the request.
    pub code_challenge: String,
    /// DPoP key the code is bound to, when the request named one.
    pub dpop_jkt: Option<String>,
    /// `nonce` for the ID Token.
    pub nonce: Option<String>,
    /// What the tokens may do.
    pub scope: Scope,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// How (`acr` of the ID Token).
    pub acr: Option<String>,
    /// `authorization_details` of the token response.
    pub details: Vec<Granted>,
    /// Further members of the token response: `user_status`, `outcome`.
    pub extra: Map<String, Value>,
    /// What the role itself wants to find again behind a token; never sent.
    pub private: Map<String, Value>,
    /// Who the person is among the client's testers, when they came as one (`production_verification`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tester: Option<String>,
}

/// A grant about to be written.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// To whom.
    pub client_id: String,
    /// The role's own id of the person.
    pub account: String,
    /// `sub` for this client.
    pub subject: String,
    /// Until when tokens may live on it.
    pub expires: Timestamp,
    /// The rest.
    pub body: GrantBody,
}

/// Who calls a resource, and with what right. Checked, at most a second old.
#[derive(Clone, Debug)]
pub struct Access {
    /// The client.
    pub client: Arc<Client>,
    /// What the token may do.
    pub scope: Scope,
    /// The grant behind it; `None` for a token by client credentials.
    pub grant: Option<Arc<AccessGrant>>,
    /// When the token ends.
    pub expires: Timestamp,
}

/// The grant behind a token.
#[derive(Clone, Debug)]
pub struct AccessGrant {
    /// Grant id.
    pub id: String,
    /// The role's own id of the person.
    pub account: String,
    /// `sub` for this client.
    pub subject: String,
    /// What was granted.
    pub body: GrantBody,
}
