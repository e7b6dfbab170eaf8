//! Certificates of the public personal authentication service: path check, CRL, the signed challenge, and a test CA.
