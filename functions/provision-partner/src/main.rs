use provision_partner::{decide, export, gather};
use shared::domain::UseCase;
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve_queue_and_export(UseCase::ProvisionPartner, gather, decide, export).await
}
