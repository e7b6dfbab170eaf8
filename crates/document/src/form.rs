//! The forms as XML: build and read.

mod earthquake;
mod life;
mod pension;

use jiff::civil::Date;
use roxmltree::Node;

use crate::xml::{Children, KYOTSU, Writer, parse, writable};
use crate::{Certificate, DocumentError, Form, MAX_DETAILS, MAX_YEN, Yen};

/// Attributes of the root element by the specification: id, version, page, day, author and software.
const ATTRIBUTES: [&str; 6] = ["id", "VR", "page", "sakuseiDay", "sakuseiNM", "softNM"];
/// Versions of the forms that are read; 1.1 is written.
const VERSIONS: [&str; 2] = ["1.0", "1.1"];
/// Dates outside this range are mistakes (and the real forms carry four-digit years).
const YEARS: std::ops::RangeInclusive<i16> = 1873..=2200;

impl Certificate {
    /// The document without signature.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`] when the form cannot carry the content: no details or more than
    /// [`MAX_DETAILS`], an amount above [`MAX_YEN`], a text that XML cannot write or that is
    /// longer than 1,000 characters, a year outside 1873–2200.
    pub fn to_xml(&self) -> Result<String, DocumentError> {
        self.check()?;
        let form = self.form();
        let day = self.certified_on().to_string();
        let attributes = [
            ("VR", "1.1"),
            ("id", form.code()),
            ("page", "1"),
            ("sakuseiDay", day.as_str()),
            ("sakuseiNM", self.issuer()),
            ("softNM", "Enishi"),
        ];
        let mut w = Writer::default();
        w.root(form.code(), &attributes, |w| match self {
            Self::Life(c) => life::write(w, c),
            Self::Earthquake(c) => earthquake::write(w, c),
            Self::Pension(c) => pension::write(w, c),
        });
        Ok(w.finish())
    }

    /// Reads the canonical bytes that were digested (so without signature), strictly: every
    /// element has to be known and in its place.
    pub(crate) fn from_canonical(text: &str) -> Result<Self, DocumentError> {
        let doc = parse(text)?;
        let root = doc.root_element();
        let name = root.tag_name();
        let form = (name.namespace() == Some(KYOTSU)).then(|| Form::from_code(name.name())).flatten();
        let form = form.ok_or_else(|| DocumentError::Malformed(format!("{} is not a form we know", name.name())))?;
        check_attributes(root, form)?;
        let children = Children::of(root)?;
        let certificate = match form {
            Form::Life => Self::Life(life::read(children)?),
            Form::Earthquake => Self::Earthquake(earthquake::read(children)?),
            Form::Pension => Self::Pension(pension::read(children)?),
        };
        certificate.check()?;
        Ok(certificate)
    }

    fn check(&self) -> Result<(), DocumentError> {
        field("証明日", self.certified_on())?;
        words("issuer", self.issuer())?;
        words("policy holder", self.policy_holder())?;
        match self {
            Self::Life(c) => life::check(c),
            Self::Earthquake(c) => earthquake::check(c),
            Self::Pension(c) => pension::check(c),
        }
    }
}

fn check_attributes(root: Node<'_, '_>, form: Form) -> Result<(), DocumentError> {
    if let Some(a) = root.attributes().find(|a| a.namespace().is_some() || !ATTRIBUTES.contains(&a.name())) {
        return Err(DocumentError::Malformed(format!("attribute {} is not expected on {}", a.name(), form.code())));
    }
    if root.attribute("VR").is_none_or(|v| !VERSIONS.contains(&v)) {
        return Err(DocumentError::Malformed(format!("this version of {} is not known", form.code())));
    }
    Ok(())
}

fn count(n: usize) -> Result<(), DocumentError> {
    match n {
        0 => Err(DocumentError::Malformed("there are no details".to_owned())),
        1..=MAX_DETAILS => Ok(()),
        _ => Err(DocumentError::Malformed(format!("more than {MAX_DETAILS} details"))),
    }
}

fn words(what: &str, text: &str) -> Result<(), DocumentError> {
    if text.is_empty() || !writable(text) {
        return Err(DocumentError::Malformed(format!("{what} is empty, too long or cannot be written")));
    }
    Ok(())
}

fn field(what: &str, date: Date) -> Result<(), DocumentError> {
    year(what, date.year())
}

fn year(what: &str, year: i16) -> Result<(), DocumentError> {
    if YEARS.contains(&year) { Ok(()) } else { Err(DocumentError::Malformed(format!("the year of {what}"))) }
}

fn yen(amount: Yen) -> Result<(), DocumentError> {
    if amount <= MAX_YEN {
        Ok(())
    } else {
        Err(DocumentError::Malformed("an amount of more than twelve digits".to_owned()))
    }
}

fn sum(what: &str, stated: Yen, computed: Yen) -> Result<(), DocumentError> {
    if stated == computed { Ok(()) } else { Err(DocumentError::Malformed(format!("{what} does not add up"))) }
}
