//! Citizens of a test environment who are registered before anybody comes.

use base::Lang;
use pki::CardKey;
use web::Fault;

use crate::Portal;
use crate::citizen::Profile;
use crate::store::citizens;

impl Portal {
    /// Registers a citizen by the key of their card, as if they had gone through ③ and the registration
    /// page once. Nothing happens when the card is registered already. Only in the test environment:
    /// in production nobody is registered without having read and pressed.
    ///
    /// # Errors
    /// The database; the production environment.
    pub async fn seed_citizen(&self, card: &CardKey, family_name: &str, given_name: &str) -> Result<(), Fault> {
        if self.config().environment != web::Environment::Test {
            return Err(Fault::new("citizens are made beforehand in the test environment only"));
        }
        let profile = Profile { family_name: family_name.to_owned(), given_name: given_name.to_owned(), email: None };
        let sealed = profile.seal(self.sealer())?;
        let now = self.clock().now();
        let id = format!("ctz_{}", base::id::ulid(now, self.rng()));
        let index = self.card_index(card);
        self.db().write(move |tx| citizens::insert(tx, &id, &index, &sealed, Lang::Ja, now).map(drop)).await?;
        Ok(())
    }
}
