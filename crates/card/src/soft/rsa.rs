//! RSA as the card does it: raw, over whatever is given. The cryptographic library signs messages and known hashes
//! only, so the arithmetic is done here. Not in constant time: for keys of test cards and nothing else.

use num_bigint::BigUint;

use crate::tlv::Tlv;

/// Length of the modulus in bytes.
pub(super) const LEN: usize = 256;
/// Bytes that PKCS #1 v1.5 padding needs at least (RFC 8017 section 9.2).
const PADDING: usize = 11;
const SALT: usize = 32;
const HASH: usize = 32;

/// An RSA-2048 private key with its Chinese remainders.
pub(super) struct RawRsa {
    p: BigUint,
    q: BigUint,
    dp: BigUint,
    dq: BigUint,
    qinv: BigUint,
}

impl RawRsa {
    /// From unencrypted PKCS #8 with an `RSAPrivateKey` (RFC 8017 appendix A.1.2) of 2048 bits.
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let (outer, _) = Tlv::first(der).ok()?;
        let octets = outer.children().ok()?.into_iter().find(|t| t.tag == 0x04)?;
        let (key, _) = Tlv::first(octets.value).ok()?;
        let numbers: Vec<BigUint> = key.children().ok()?.iter().map(|t| BigUint::from_bytes_be(t.value)).collect();
        let [_, n, _, _, p, q, dp, dq, qinv, ..] = &numbers[..] else { return None };
        if n.bits() != 2048 || p * q != *n {
            return None;
        }
        Some(Self { p: p.clone(), q: q.clone(), dp: dp.clone(), dq: dq.clone(), qinv: qinv.clone() })
    }

    /// RSASP1 (RFC 8017 section 5.2.1). `block` has [`LEN`] bytes and begins with zero bits, so it is smaller than n.
    fn private(&self, block: &[u8]) -> Vec<u8> {
        let m = BigUint::from_bytes_be(block);
        let (a, b) = (m.modpow(&self.dp, &self.p), m.modpow(&self.dq, &self.q));
        // (a - b) mod p without going below zero.
        let difference = (&a + &self.p - (&b % &self.p)) % &self.p;
        let signature = (&b + (&self.qinv * difference % &self.p) * &self.q).to_bytes_be();
        let mut out = vec![0; LEN - signature.len()];
        out.extend_from_slice(&signature);
        out
    }

    /// PKCS #1 v1.5 over `data` as given; `None` when it is empty or longer than 245 bytes.
    pub(super) fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        if data.is_empty() || data.len() > LEN - PADDING {
            return None;
        }
        let mut block = vec![0x00, 0x01];
        block.resize(LEN - data.len() - 1, 0xff);
        block.push(0x00);
        block.extend_from_slice(data);
        Some(self.private(&block))
    }

    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and 32 bytes of salt (RFC 8017 section 9.1.1).
    pub(super) fn sign_pss(&self, hash: &[u8; HASH], salt: &[u8; SALT]) -> Vec<u8> {
        let h = base::codec::sha256(&[&[0; 8], &hash[..], &salt[..]].concat());
        let mut block = vec![0; LEN - SALT - HASH - 2];
        block.push(0x01);
        block.extend_from_slice(salt);
        for (counter, chunk) in (0u32..).zip(block.chunks_mut(HASH)) {
            let mask = base::codec::sha256(&[&h[..], &counter.to_be_bytes()].concat());
            chunk.iter_mut().zip(mask).for_each(|(b, m)| *b ^= m);
        }
        block[0] &= 0x7f;
        block.extend_from_slice(&h);
        block.push(0xbc);
        self.private(&block)
    }
}

impl std::fmt::Debug for RawRsa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawRsa")
    }
}

#[cfg(test)]
mod tests {
    use pki::RsaKey;

    use super::*;

    /// The cryptographic library is the oracle.
    #[test]
    fn raw_signatures_are_what_the_library_makes() {
        let key = RsaKey::generate().unwrap();
        let raw = RawRsa::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
        let prefix = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
        for message in [&b""[..], b"a", b"message"] {
            let info = [&prefix[..], &base::codec::sha256(message)].concat();
            assert_eq!(raw.sign(&info), Some(key.sign(message).unwrap()));
        }
        assert_eq!(raw.sign(&[]), None);
        assert_eq!(raw.sign(&[1; 245]).map(|s| s.len()), Some(256));
        assert_eq!(raw.sign(&[1; 246]), None);
        assert!(RawRsa::from_pkcs8(b"\x30\x00").is_none());
    }

    #[test]
    fn pss_signatures_verify_with_openssl() {
        let key = RsaKey::generate().unwrap();
        let raw = RawRsa::from_pkcs8(key.to_pkcs8().unwrap().expose()).unwrap();
        let signature = raw.sign_pss(&base::codec::sha256(b"message"), &[7; 32]);
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (m, s) = (write("m", b"message"), write("s", &signature));
        let key = write("k", key.to_pkcs8().unwrap().expose());
        let out = std::process::Command::new("openssl")
            .args(["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-prverify"])
            .arg(key)
            .arg("-signature")
            .args([s, m])
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}
