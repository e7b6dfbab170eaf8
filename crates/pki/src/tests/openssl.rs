//! The openssl command line as an oracle: it accepts and refuses what we make as we do, and we read
//! what it makes.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::cert::pem;
use crate::profile::{Environment, POLICY_PRODUCTION_AUTH, POLICY_TEST_AUTH};
use crate::{Policy, RsaKey, verify};

pub(super) fn openssl(dir: &Path, args: &[&str]) -> (bool, String) {
    let out = Command::new("openssl").current_dir(dir).args(args).output().expect("openssl is installed");
    let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    (out.status.success(), text)
}

pub(super) fn made(dir: &Path, args: &[&str]) {
    let (ok, text) = openssl(dir, args);
    assert!(ok, "openssl {args:?}: {text}");
}

fn crl_pem(der: &[u8]) -> String {
    pem(der).replace("CERTIFICATE", "X509 CRL")
}

#[test]
fn openssl_judges_our_certificates_as_we_do() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    let cert = ca().issue(&spec(), &keys().card, &rng()).unwrap();
    write("root.pem", other_ca().cert_pem() + &ca().cert_pem());
    write("card.pem", pem(&cert));
    write("good.crl", crl_pem(&list(ca(), &partition(), 1, &[])));
    write("revoked.crl", crl_pem(&list(ca(), &partition(), 2, &[SERIAL])));
    write("naha.crl", crl_pem(&list(ca(), &Partition::new("Okinawa-ken", "Naha-shi").unwrap(), 1, &[])));

    let judge = |policy: &str, crl: &str, at: Timestamp| {
        let at = at.secs().to_string();
        let args = [
            "verify",
            "-crl_check",
            "-CRLfile",
            crl,
            "-policy",
            policy,
            "-policy_check",
            "-explicit_policy",
            "-purpose",
            "sslclient",
            "-x509_strict",
            "-attime",
            &at,
            "-CAfile",
            "root.pem",
            "card.pem",
        ];
        openssl(dir, &args)
    };
    let (ok, text) = judge(POLICY_TEST_AUTH, "good.crl", NOW);
    assert!(ok, "{text}");
    for (policy, crl, at, word) in [
        (POLICY_PRODUCTION_AUTH, "good.crl", NOW, "no explicit policy"),
        (POLICY_TEST_AUTH, "revoked.crl", NOW, "certificate revoked"),
        (POLICY_TEST_AUTH, "naha.crl", NOW, "scope"),
        (POLICY_TEST_AUTH, "good.crl", NOW.plus(DAY * 2), "CRL has expired"),
        (POLICY_TEST_AUTH, "good.crl", spec().not_after.plus(DAY), "certificate has expired"),
    ] {
        let (ok, text) = judge(policy, crl, at);
        assert!(!ok && text.contains(word), "{word}: {text}");
    }

    // The profile, in openssl's words.
    let (_, text) = openssl(dir, &["x509", "-in", "card.pem", "-noout", "-text"]);
    for words in [
        "Issuer: C = JP, O = JPKI-TEST, OU = JPKI for user authentication, OU = Japan Agency for Local Authority Information Systems",
        "Not After : Apr 12 14:59:59 2031 GMT",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "TLS Web Client Authentication",
        "X509v3 Certificate Policies: critical\n                Policy: 1.2.392.200149.8.5.1.0.30\n                  CPS: http://www.jpki.go.jp/cps.html",
        "OCSP - URI:http://test-ocspauthnorm.jpki.go.jp",
        "OU = CRL Distribution Points, OU = Tokyo-to, CN = Kiyose-shi CRLDP",
        "DirName:/C=JP/O=JPKI-TEST/OU=JPKI for user authentication/OU=Japan Agency for Local Authority Information Systems",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("Basic Constraints"));

    // openssl checks the challenge's signature, too.
    let bytes = challenge().signed_bytes();
    std::fs::write(dir.join("bytes"), &bytes).unwrap();
    std::fs::write(dir.join("signature"), keys().card.sign(&bytes).unwrap()).unwrap();
    let (_, public) = openssl(dir, &["x509", "-in", "card.pem", "-noout", "-pubkey"]);
    write("card.pub", public);
    made(dir, &["dgst", "-sha256", "-verify", "card.pub", "-signature", "signature", "bytes"]);
}

const CONF: &str = "
[req]
distinguished_name = dn
prompt = no
string_mask = nombstr
x509_extensions = root
[dn]
C = JP
O = JPKI-TEST
0.OU = JPKI for user authentication
1.OU = Japan Agency for Local Authority Information Systems
[root]
keyUsage = critical,keyCertSign,cRLSign
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
[card]
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
certificatePolicies = critical,1.2.392.200149.8.5.1.0.30
crlDistributionPoints = point
authorityInfoAccess = OCSP;URI:http://test-ocspauthnorm.jpki.go.jp
authorityKeyIdentifier = keyid:always,issuer:always
subjectKeyIdentifier = hash
[point]
fullname = dirName:pointname
[pointname]
C = JP
O = JPKI-TEST
0.OU = JPKI for user authentication
1.OU = CRL Distribution Points
2.OU = Tokyo-to
CN = Kiyose-shi CRLDP
[ca]
default_ca = here
[here]
database = index
crlnumber = number
default_md = sha256
default_crl_days = 1
crl_extensions = list
[list]
authorityKeyIdentifier = keyid:always
issuingDistributionPoint = critical,@idp
[idp]
fullname = dirName:pointname
";

#[test]
fn we_judge_openssls_certificates_as_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("conf"), CONF).unwrap();
    std::fs::write(dir.join("number"), "01\n").unwrap();
    std::fs::write(dir.join("index"), "").unwrap();
    made(
        dir,
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem", "-config",
            "conf", "-days", "9",
        ],
    );
    made(
        dir,
        &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER", "-out", "card.key"],
    );
    made(
        dir,
        &[
            "req",
            "-new",
            "-key",
            "card.key",
            "-keyform",
            "DER",
            "-subj",
            "/C=JP/CN=997794E9AGCIEG13221003A",
            "-out",
            "card.csr",
        ],
    );
    made(
        dir,
        &[
            "x509",
            "-req",
            "-in",
            "card.csr",
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-set_serial",
            "0x123456",
            "-days",
            "5",
            "-extfile",
            "conf",
            "-extensions",
            "card",
            "-sha256",
            "-outform",
            "DER",
            "-out",
            "card.der",
        ],
    );
    let list = |name: &str| {
        made(
            dir,
            &["ca", "-gencrl", "-config", "conf", "-cert", "root.pem", "-keyfile", "root.key", "-out", "list.pem"],
        );
        made(dir, &["crl", "-in", "list.pem", "-outform", "DER", "-out", name]);
        std::fs::read(dir.join(name)).unwrap()
    };
    let empty = list("empty.crl");
    std::fs::write(dir.join("index"), "R\t491231235959Z\t200101000000Z\t123456\tunknown\t/CN=x\n").unwrap();
    let revoked = list("revoked.crl");

    let anchors = Anchors::from_pem(&std::fs::read_to_string(dir.join("root.pem")).unwrap()).unwrap();
    let cert = std::fs::read(dir.join("card.der")).unwrap();
    let pkcs8 = {
        made(
            dir,
            &["pkcs8", "-topk8", "-nocrypt", "-in", "card.key", "-inform", "DER", "-outform", "DER", "-out", "card.p8"],
        );
        std::fs::read(dir.join("card.p8")).unwrap()
    };
    let key = RsaKey::from_pkcs8(&pkcs8).unwrap();
    // openssl issues at the machine's time.
    let now = base::Clock::system().now();
    let mut asked = challenge();
    asked.expires = now.plus(Duration::from_secs(300));
    let signature = key.sign(&asked.signed_bytes()).unwrap();
    let policy = Policy { environment: Environment::Test };
    let mut set = CrlSet::new();
    let mut judge = |der: &[u8]| {
        assert!(set.insert(Crl::parse_and_verify(der, &anchors, now).unwrap()));
        verify(policy, &anchors, &set, &cert, &signature, &asked, now)
    };
    assert_eq!(judge(&empty).unwrap().key.serial_hex().expose(), "123456");
    assert_eq!(judge(&revoked), Err(crate::CardError::Revoked));
}
