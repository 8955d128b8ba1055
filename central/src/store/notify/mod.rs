//! How alerts reach people who do not look at the page: channels and browsers, what waits to be told, and messages on
//! their way.

mod channels;
mod deliveries;
mod pending;
mod push;

pub use channels::{Channel, NotifySettings};
pub(super) use deliveries::housekeep;
pub use deliveries::{Delivery, DeliveryRow, Route};
pub use push::PushClient;
