//! Pull requests: proposed, changed, given up, taken up again. Nothing is merged here.

mod request;

use latchkey_jose::Timestamp;

use request::MOST_REVIEWERS;
pub use request::{NewPullRequest, PullRequestPatch, Review};

use crate::error::{DevOpsError, ErrorType};
use crate::ids::{PersonId, RepositoryId};
use crate::word::words;

words! {
    /// How a pull request stands.
    PullRequestStatus {
        /// It is open.
        Active "active" = 1,
        /// It was given up.
        Abandoned "abandoned" = 2,
        /// It was merged.
        Completed "completed" = 3,
    }
}

words! {
    /// Whether the changes of a pull request can be merged.
    MergeStatus {
        /// That is not known: it takes too long to find out.
        Queued "queued" = 1,
        /// They contradict the target.
        Conflicts "conflicts" = 2,
        /// They can.
        Succeeded "succeeded" = 3,
    }
}

/// A proposal to bring the commits of one branch to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequest {
    /// Its number in the organization.
    pub id: i64,
    /// The repository it belongs to.
    pub repository: RepositoryId,
    /// How it stands.
    pub status: PullRequestStatus,
    /// Whether its changes can be merged.
    pub merge_status: MergeStatus,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The branch that has the commits, as its ref.
    pub source_ref: String,
    /// The branch that is to have them, as its ref.
    pub target_ref: String,
    /// The commit that the source branch is at.
    pub source_commit: Option<String>,
    /// The commit that the target branch is at.
    pub target_commit: Option<String>,
    /// Who proposed it.
    pub created_by: PersonId,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was given up or merged.
    pub closed_at: Option<Timestamp>,
    /// Whether its author still works on it.
    pub draft: bool,
    /// Who was asked, and what they said.
    pub reviewers: Vec<Reviewer>,
}

/// Somebody who was asked to review.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reviewer {
    /// Who.
    pub person: PersonId,
    /// What they said: 10 approved, 5 with suggestions, 0 nothing yet, -5 waiting, -10 rejected.
    pub vote: i64,
    /// Whether it cannot be merged without them.
    pub required: bool,
}

/// Where the branches of a pull request are, and whether they can be merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branches {
    /// The commit that the source branch is at.
    pub source: Option<String>,
    /// The commit that the target branch is at.
    pub target: Option<String>,
    /// Whether git merges them by itself, if that is known.
    pub merges: Option<bool>,
}

impl Branches {
    fn merge_status(&self) -> Result<MergeStatus, DevOpsError> {
        if self.source.is_none() || self.target.is_none() {
            return Err(DevOpsError::new(
                ErrorType::PullRequestCannotBeActivated,
                "TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists.",
            ));
        }
        Ok(match self.merges {
            Some(true) => MergeStatus::Succeeded,
            Some(false) => MergeStatus::Conflicts,
            None => MergeStatus::Queued,
        })
    }
}

/// Proposes a pull request. `same`: one that is open from the same branch to the same branch.
pub fn propose(
    id: i64,
    repository: RepositoryId,
    new: &NewPullRequest,
    branches: &Branches,
    same: Option<&PullRequest>,
    by: PersonId,
    at: Timestamp,
) -> Result<PullRequest, DevOpsError> {
    let merge_status = branches.merge_status()?;
    refuse_twins(same)?;
    let reviewer = |(person, required): &(PersonId, bool)| Reviewer { person: *person, vote: 0, required: *required };
    Ok(PullRequest {
        id,
        repository,
        status: PullRequestStatus::Active,
        merge_status,
        title: new.title.clone(),
        description: new.description.clone(),
        source_ref: new.source_ref.clone(),
        target_ref: new.target_ref.clone(),
        source_commit: branches.source.clone(),
        target_commit: branches.target.clone(),
        created_by: by,
        created_at: at,
        closed_at: None,
        draft: new.draft,
        reviewers: new.reviewers.iter().map(reviewer).collect(),
    })
}

/// Changes a pull request. One that is open learns where its branches are by now; without `branches` it keeps what is known.
pub fn update(
    present: &PullRequest,
    patch: &PullRequestPatch,
    branches: Option<&Branches>,
    same: Option<&PullRequest>,
    at: Timestamp,
) -> Result<PullRequest, DevOpsError> {
    let mut next = present.clone();
    if let Some(status) = patch.status
        && status != present.status
    {
        if present.status == PullRequestStatus::Completed {
            return Err(DevOpsError::bad_request("A pull request that was completed stays so."));
        }
        next.status = status;
        next.closed_at = (status != PullRequestStatus::Active).then_some(at);
        if status == PullRequestStatus::Active {
            // An open one keeps what is known of it where a branch is gone; one that is taken up again needs both.
            branches.ok_or_else(unknown)?.merge_status()?;
            refuse_twins(same)?;
        }
    }
    if next.status == PullRequestStatus::Active
        && let Some(branches) = branches
        && let Ok(merge_status) = branches.merge_status()
    {
        next.merge_status = merge_status;
        next.source_commit.clone_from(&branches.source);
        next.target_commit.clone_from(&branches.target);
    }
    next.title = patch.title.clone().unwrap_or(next.title);
    next.description = patch.description.clone().unwrap_or(next.description);
    next.draft = patch.draft.unwrap_or(next.draft);
    Ok(next)
}

/// Notes what somebody says as a reviewer, or that they are asked to be one. Everybody votes for themselves.
pub fn review(
    present: &PullRequest,
    reviewer: PersonId,
    review: Review,
    by: PersonId,
) -> Result<PullRequest, DevOpsError> {
    if present.status != PullRequestStatus::Active {
        return Err(DevOpsError::bad_request("Only a pull request that is open is reviewed."));
    }
    if review.vote != 0 && reviewer != by {
        return Err(DevOpsError::new(ErrorType::AccessDenied, "Nobody votes for somebody else."));
    }
    let mut next = present.clone();
    let count = next.reviewers.len();
    match next.reviewers.iter_mut().find(|one| one.person == reviewer) {
        Some(one) => {
            one.required = review.required.unwrap_or(one.required);
            if reviewer == by {
                one.vote = review.vote;
            }
        }
        None if count >= MOST_REVIEWERS => {
            return Err(DevOpsError::bad_request(format!("A pull request has at most {MOST_REVIEWERS} reviewers.")));
        }
        None => {
            let required = review.required.unwrap_or(false);
            next.reviewers.push(Reviewer { person: reviewer, vote: review.vote, required });
        }
    }
    Ok(next)
}

/// It was given up while it was asked where its branches are, or nobody could tell.
fn unknown() -> DevOpsError {
    let message = "Where the branches of this pull request are cannot be told at the moment: try again shortly.";
    DevOpsError::new(ErrorType::Unavailable, message)
}

fn refuse_twins(same: Option<&PullRequest>) -> Result<(), DevOpsError> {
    match same {
        Some(_) => Err(DevOpsError::new(
            ErrorType::PullRequestExists,
            "TF401179: An active pull request for the source and target branch already exists.",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ANA, BEN, NOW, a_repository};
    use latchkey_jose::Timestamp;

    const LATER: Timestamp = Timestamp::from_secs(1_795_340_000);

    fn branches() -> Branches {
        Branches { source: Some("0a".repeat(20)), target: Some("0b".repeat(20)), merges: Some(true) }
    }

    fn proposed(branches: &Branches, same: Option<&PullRequest>) -> Result<PullRequest, DevOpsError> {
        let new = NewPullRequest {
            source_ref: "refs/heads/dim".into(),
            target_ref: "refs/heads/main".into(),
            title: "Dim it".into(),
            description: String::new(),
            draft: false,
            reviewers: vec![(ANA, true)],
        };
        propose(7, a_repository().id, &new, branches, same, ANA, NOW)
    }

    #[test]
    fn a_proposal_is_open_and_nobody_has_voted() {
        let one = proposed(&branches(), None).unwrap();
        assert_eq!((one.status, one.merge_status), (PullRequestStatus::Active, MergeStatus::Succeeded));
        assert_eq!(one.reviewers, [Reviewer { person: ANA, vote: 0, required: true }]);
        for (merges, status) in [(Some(false), MergeStatus::Conflicts), (None, MergeStatus::Queued)] {
            let told = Branches { merges, ..branches() };
            assert_eq!(proposed(&told, None).unwrap().merge_status, status);
        }
    }

    #[test]
    fn a_proposal_needs_both_branches_and_is_the_only_one_between_them() {
        let gone = Branches { source: None, ..branches() };
        assert!(proposed(&gone, None).unwrap_err().message.starts_with("TF401398"));
        let one = proposed(&branches(), None).unwrap();
        let twin = proposed(&branches(), Some(&one)).unwrap_err();
        assert_eq!((twin.status(), &twin.message[..8]), (409, "TF401179"));
    }

    #[test]
    fn one_that_was_given_up_can_be_taken_up_again() {
        let to = |status| PullRequestPatch { status: Some(status), ..PullRequestPatch::default() };
        let open = proposed(&branches(), None).unwrap();
        let given_up = update(&open, &to(PullRequestStatus::Abandoned), None, None, LATER).unwrap();
        assert_eq!((given_up.status, given_up.closed_at), (PullRequestStatus::Abandoned, Some(LATER)));
        let again =
            |branches: &Branches, same| update(&given_up, &to(PullRequestStatus::Active), Some(branches), same, LATER);
        assert_eq!(again(&branches(), None).unwrap().closed_at, None);
        assert_eq!(again(&branches(), Some(&open)).unwrap_err().status(), 409);
        assert!(again(&Branches { target: None, ..branches() }, None).is_err());
        let unknown = update(&given_up, &to(PullRequestStatus::Active), None, None, LATER);
        assert_eq!(unknown.unwrap_err().status(), 503);
        let merged = PullRequest { status: PullRequestStatus::Completed, ..open };
        assert!(update(&merged, &to(PullRequestStatus::Abandoned), Some(&branches()), None, LATER).is_err());
    }

    #[test]
    fn everybody_votes_for_themselves() {
        let open = proposed(&branches(), None).unwrap();
        let says = |vote| Review { vote, required: None };
        let voted = review(&open, BEN, says(10), BEN).unwrap();
        assert_eq!(voted.reviewers[1], Reviewer { person: BEN, vote: 10, required: false });
        assert_eq!(review(&open, BEN, says(10), ANA).unwrap_err().status(), 403);
        let asked = review(&voted, BEN, Review { vote: 0, required: Some(true) }, ANA).unwrap();
        assert_eq!(asked.reviewers[1], Reviewer { person: BEN, vote: 10, required: true }, "the vote stays");
        assert_eq!(review(&asked, BEN, says(0), BEN).unwrap().reviewers[1].vote, 0, "and is taken back by its owner");
        let given_up = PullRequest { status: PullRequestStatus::Abandoned, ..open };
        assert_eq!(review(&given_up, BEN, says(10), BEN).unwrap_err().status(), 400);
    }

    #[test]
    fn what_is_not_named_stays_and_open_ones_learn_where_their_branches_are() {
        let open = proposed(&branches(), None).unwrap();
        let moved = Branches { source: Some("0c".repeat(20)), ..branches() };
        let patch = PullRequestPatch { title: Some("Brighter".into()), ..PullRequestPatch::default() };
        let next = update(&open, &patch, Some(&moved), None, LATER).unwrap();
        assert_eq!(next, PullRequest { title: "Brighter".into(), source_commit: moved.source, ..open.clone() });
        let gone = Branches { source: None, ..branches() };
        assert_eq!(update(&open, &patch, Some(&gone), None, LATER).unwrap().source_commit, open.source_commit);
        let untold = update(&open, &patch, None, None, LATER).unwrap();
        assert_eq!(untold, PullRequest { title: "Brighter".into(), ..open }, "what is known stays");
    }
}
