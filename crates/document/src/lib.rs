//! Certificate documents (TEG8xx): build, sign, verify, read.
