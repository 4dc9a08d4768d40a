//! The common crate of Gridlink: the words of the domain, the two API clients, the store, and the
//! shell that every use-case function runs in.
//!
//! Modules stand in order of dependency: each uses only those above it. Only [`config`] reads the
//! environment, only [`http`] sends (and [`telemetry`], a word to X-Ray), only [`apply`] changes the world, and only [`lambda`] knows
//! that it runs on AWS Lambda.

pub mod domain;

mod rfc3339;

mod whole_number;

pub mod event;

pub mod effect;

pub mod messages;

pub mod mapping;

pub mod additions;

pub mod failure;

pub mod retry;

pub mod signature;

pub mod clock;

pub mod telemetry;

pub mod config;

pub mod http;

pub mod aws;

pub mod secrets;

pub mod token;

pub mod servicenow;

pub mod trading_grid;

pub mod store;

pub mod queue;

pub mod clients;

pub mod poll;

pub mod apply;

pub mod lambda;
