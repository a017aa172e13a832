//! `info/refs`: what a repository offers to who fetches or pushes. [gitprotocol-http(5)]

use uuid::Uuid;

use crate::browse::Ref;
use crate::pkt_line::{self, FLUSH};
use crate::program::speak;
use crate::{GitError, ObjectId, Repository};

/// What we can do for a push. We read the commands and write the report ourselves, so the list is ours too.
const PUSH_CAPABILITIES: &str =
    "report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=latchkey";

/// What a client wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Clone and fetch.
    UploadPack,
    /// Push.
    ReceivePack,
}

impl Service {
    /// The service of this name, as it stands in `?service=` and at the end of the path: `git-upload-pack`.
    pub fn named(name: &str) -> Option<Self> {
        [Self::UploadPack, Self::ReceivePack].into_iter().find(|service| service.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// The version of git's protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Protocol {
    /// The oldest: what a client speaks that says nothing.
    V0,
    /// The same with its number in front.
    V1,
    /// References on request; what clients speak since 2020.
    V2,
}

impl Protocol {
    /// The version that a `Git-Protocol` header asks for. Unknown keys and versions are passed over, as git does.
    pub(crate) fn asked_for(header: Option<&str>) -> Self {
        header
            .unwrap_or_default()
            .split(':')
            .filter_map(|part| match part {
                "version=1" => Some(Self::V1),
                "version=2" => Some(Self::V2),
                _ => None,
            })
            .max()
            .unwrap_or(Self::V0)
    }
}

impl Repository {
    /// The answer to `GET info/refs?service=…`, whole, for this person. `protocol` is the `Git-Protocol` header.
    ///
    /// Content type: `application/x-git-upload-pack-advertisement` (or `receive`), never cached.
    pub async fn advertise(&self, person: Uuid, service: Service, protocol: Option<&str>) -> Result<Vec<u8>, GitError> {
        let protocol = match (service, Protocol::asked_for(protocol)) {
            // There is no second version of pushing.
            (Service::ReceivePack, Protocol::V2) => Protocol::V0,
            (_, asked) => asked,
        };
        let mut answer = Vec::new();
        if protocol < Protocol::V2 {
            pkt_line::write(&mut answer, format!("# service={}\n", service.name()));
            answer.extend_from_slice(FLUSH);
        }
        match service {
            Service::UploadPack => {
                let _slot = self.git.admit(person).await?;
                let mut command = self.git.command(&self.folder);
                speak(&mut command, protocol);
                command.env_remove("GIT_DIR");
                command.args(["upload-pack", "--strict", "--http-backend-info-refs", "--", "."]);
                answer.append(&mut self.git.ask("upload-pack", command, &[]).await?.successful()?);
            }
            Service::ReceivePack => {
                let refs = self.read(|browse| browse.refs("")).await?;
                if protocol == Protocol::V1 {
                    pkt_line::write(&mut answer, "version 1\n");
                }
                let mut capabilities = format!("\0{PUSH_CAPABILITIES}");
                for Ref { name, id, .. } in refs {
                    pkt_line::write(&mut answer, format!("{id} {name}{capabilities}\n"));
                    capabilities.clear();
                }
                if !capabilities.is_empty() {
                    pkt_line::write(&mut answer, format!("{} capabilities^{{}}{capabilities}\n", ObjectId::ZERO));
                }
                answer.extend_from_slice(FLUSH);
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_versions_reach_the_program() {
        assert_eq!(Protocol::asked_for(None), Protocol::V0);
        assert_eq!(Protocol::asked_for(Some("version=2")), Protocol::V2);
        assert_eq!(Protocol::asked_for(Some("version=1:version=2:x=$(id)")), Protocol::V2);
        assert_eq!(Protocol::asked_for(Some("version=3")), Protocol::V0);
        assert_eq!(Protocol::asked_for(Some(" version=2")), Protocol::V0);
    }

    #[test]
    fn there_are_two_services() {
        assert_eq!(Service::named("git-upload-pack"), Some(Service::UploadPack));
        assert_eq!(Service::named("git-receive-pack"), Some(Service::ReceivePack));
        assert_eq!(Service::named("git-upload-archive"), None);
    }
}
