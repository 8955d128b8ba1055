//! Rules from the page to the agents, the fleet, and how agents are enrolled: over a real listener and real brokers,
//! on both databases.

mod common;

mod fleet {
    mod agents;
    mod enrolment;
    mod machines;
    mod permissions;
    mod policies;
    mod sign_in_codes;
}
