//! Invitations: how staff get their accounts, and how members bring in colleagues.

use base::Lang;
use mail::Email;
use serde::{Deserialize, Serialize};
use store::{Error, Result, Tx};

use crate::links::{INVITE, INVITE_LIFE, NewLink};
use crate::store::links;
use crate::{Accounts, Realm};

base::id!(
    /// An invitation that was sent.
    InvitationId,
    "inv"
);

/// Who is invited to what.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Into which realm.
    pub realm: Realm,
    /// To whom: only an account of this address can accept.
    pub email: Email,
    /// In which language the e-mail is written.
    pub lang: Lang,
    /// Who invites, as the invited person knows them.
    pub from: String,
    /// To what: the organisation's name, in words.
    pub to_what: String,
    /// What the role makes of it once it is accepted ([`crate::OnAccept`]); not shown.
    pub purpose: String,
}

/// What is kept with the link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) lang: Lang,
    pub(crate) from: String,
    pub(crate) to_what: String,
    pub(crate) purpose: String,
}

impl Accounts {
    /// Invites somebody, in the caller's transaction: an e-mail with a link that works once, for fourteen days. The
    /// person registers by it or signs in, and [`crate::Settings::on_accept`] is called.
    ///
    /// # Errors
    /// The database.
    pub fn invite(&self, tx: &mut Tx<'_>, invitation: &Invitation) -> Result<InvitationId> {
        let (id, link) = self.new_invitation(invitation)?;
        link.insert(tx)?;
        let (from, to_what) = (invitation.from.as_str(), invitation.to_what.as_str());
        let args = [("from", from), ("to_what", to_what), ("link", link.url.as_str())];
        let expires = Some(link.link.expires);
        let message = self.message(&invitation.email, invitation.lang, "invite", &args, expires)?;
        self.0.mailer.queue(tx, &message, self.now())?;
        Ok(id)
    }

    /// Takes an invitation back; `false` when it was accepted, withdrawn or has run out.
    ///
    /// # Errors
    /// The database.
    pub fn withdraw_invitation(&self, tx: &mut Tx<'_>, id: &InvitationId) -> Result<bool> {
        Ok(links::end_reference(tx, id.as_str())? > 0)
    }

    /// For the command line: invites without an e-mail and gives the link, to be handed over by hand. So the first member
    /// of staff gets an account; no password passes through a shell.
    ///
    /// # Errors
    /// The database.
    pub async fn invitation_link(&self, invitation: &Invitation) -> Result<String> {
        let (_, link) = self.new_invitation(invitation)?;
        let url = link.url.clone();
        self.db().write(move |tx| link.insert(tx)).await?;
        Ok(url)
    }

    fn new_invitation(&self, i: &Invitation) -> Result<(InvitationId, NewLink)> {
        let id = InvitationId::new(self.now(), self.rng());
        let body = Body {
            lang: i.lang,
            from: web::form::line(&i.from),
            to_what: web::form::line(&i.to_what),
            purpose: i.purpose.clone(),
        };
        let mut link = self.new_link(INVITE, "/invitation", i.realm, &i.email, INVITE_LIFE);
        link.link.reference = Some(id.as_str().to_owned());
        link.link.body = serde_json::to_string(&body).map_err(|e| Error::inconsistent("account_links.body", e))?;
        Ok((id, link))
    }
}
