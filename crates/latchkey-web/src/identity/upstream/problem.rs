//! What goes wrong with a sign-in at an upstream provider, in plain words.

use http::StatusCode;
use latchkey_identity::sign_in::upstream::link::SignInProblem;

use crate::identity::problem_page::Problem;

const ELSEWHERE: &str = "Go back to the service and start again, or sign in another way.";

/// The provider does not answer, or not as a provider does.
pub(super) const UNREACHABLE: Problem = Problem {
    status: StatusCode::BAD_GATEWAY,
    heading: "Your sign-in could not be checked",
    sentence: "The sign-in of your organization did not answer, or not in a way that we can rely on.",
    mend: "Wait a moment and start again. If it stays like this, tell whoever administers your directory.",
    code: "upstream_unavailable",
};

/// What comes back belongs to nothing that was begun here.
pub(super) const GONE: Problem = Problem {
    status: StatusCode::BAD_REQUEST,
    heading: "This sign-in has expired",
    sentence: "It was used, is older than ten minutes, was begun in another browser, or was set up differently since it began.",
    mend: ELSEWHERE,
    code: "upstream_sign_in_expired",
};

/// The answer is not the provider's.
pub(super) const NOT_THEIRS: Problem = Problem {
    status: StatusCode::BAD_REQUEST,
    heading: "This sign-in was not accepted",
    sentence: "The answer does not say that it comes from where you were sent. Nobody was signed in.",
    mend: ELSEWHERE,
    code: "upstream_issuer",
};

/// The provider refused, or the person turned back there.
pub(super) const REFUSED: Problem = Problem {
    status: StatusCode::FORBIDDEN,
    heading: "You were not signed in",
    sentence: "You turned back at the sign-in of your organization, or it did not let you go on.",
    mend: ELSEWHERE,
    code: "upstream_refused",
};

/// What the provider says of the person is not believed. The log has the reason.
pub(super) const NOT_BELIEVED: Problem = Problem {
    status: StatusCode::BAD_GATEWAY,
    heading: "Your sign-in could not be checked",
    sentence: "What the sign-in of your organization says of you did not stand up to our checks. Nobody was signed in.",
    mend: "Start again. If it stays like this, tell whoever administers your directory what this page says.",
    code: "upstream_not_believed",
};

/// The account that wanted the link is not signed in here any more.
pub(super) const NOBODY_TO_LINK: Problem = Problem {
    status: StatusCode::CONFLICT,
    heading: "Nothing was linked",
    sentence: "The account that you wanted to link is not signed in in this browser any more.",
    mend: "Sign in to it and try again.",
    code: "upstream_link_signed_out",
};

/// Nobody was signed in.
pub(super) const fn not_signed_in(problem: SignInProblem) -> Problem {
    let (heading, sentence, mend, code) = match problem {
        SignInProblem::NotLinked => (
            "Your account is not linked yet",
            "We do not know yet whose account it is that you sign in to with your organization.",
            "Sign in here with your password, open Your account, How you sign in, and link it there. Without an account, ask whoever administers your directory.",
            "upstream_not_linked",
        ),
        SignInProblem::NoAddress => (
            "No account could be made for you",
            "The sign-in of your organization does not tell a verified address of your directory's own domain.",
            "Ask whoever administers your directory for an account, and link it under Your account, How you sign in.",
            "upstream_no_address",
        ),
        SignInProblem::AddressTaken => (
            "There is an account with your address",
            "An address is no proof of who somebody is, so you were not signed in to it.",
            "If it is yours, sign in with its password, open Your account, How you sign in, and link it there.",
            "upstream_address_taken",
        ),
        SignInProblem::Disabled => (
            "You were not signed in",
            "Your account here cannot be used.",
            "Ask whoever administers your directory.",
            "upstream_account_disabled",
        ),
        SignInProblem::LongAgo | SignInProblem::NotFresh => (
            "You have to sign in there anew",
            "The sign-in of your organization does not say that you signed in there as lately as was asked for.",
            "Sign out there and start again.",
            "upstream_not_fresh",
        ),
    };
    Problem { status: StatusCode::FORBIDDEN, heading, sentence, mend, code }
}
