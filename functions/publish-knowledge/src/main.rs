use publish_knowledge::{decide, gather};
use shared::domain::UseCase;
use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::serve_queue(UseCase::PublishKnowledge, gather, decide).await
}
