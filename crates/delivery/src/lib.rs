//! Delivery-service kit and the reference mailbox.
