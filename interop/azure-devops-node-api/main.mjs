// azure-devops-node-api: projects, work items, repositories, builds, and who is calling, with a token as Bearer.

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';

import * as azdev from 'azure-devops-node-api';
import { BuildResult, BuildStatus } from 'azure-devops-node-api/interfaces/BuildInterfaces.js';
import {
  GitVersionType, ItemContentType, PullRequestStatus, VersionControlChangeType, VersionControlRecursionType,
} from 'azure-devops-node-api/interfaces/GitInterfaces.js';
import { WorkItemErrorPolicy, WorkItemExpand } from 'azure-devops-node-api/interfaces/WorkItemTrackingInterfaces.js';

import { PROJECT, account, demo } from '../lib/demo.mjs';
import { Person } from '../lib/person.mjs';
import { done, test } from '../lib/tap.mjs';
import { tokensOf } from '../lib/token.mjs';

const organization = `${demo.https_origin}/${demo.organization}`;
const ana = account('owner');
const person = new Person(ana);

const devops = await test('a person authorizes it', async () => {
  const { access_token } = await tokensOf(person);
  return new azdev.WebApi(organization, azdev.getBearerHandler(access_token));
});

await test('connectionData tells who is calling', async () => {
  const { authenticatedUser } = await devops.connect();
  assert.ok(authenticatedUser.id);
  assert.equal(authenticatedUser.properties.Account.$value, ana.email);
});

await test('the profile is the same person', async () => {
  const profile = await (await devops.getProfileApi()).getProfile('me');
  assert.equal(profile.emailAddress, ana.email);
});

// Projects

const core = await test('the core client finds its routes', () => devops.getCoreApi());

const project = await test('projects: list', async () => {
  const projects = await core.getProjects();
  assert.deepEqual(projects.map((each) => each.name).sort(), [...demo.projects].sort());
  return projects.find((each) => each.name === PROJECT);
});

await test('projects: get by name in any case and by id', async () => {
  assert.equal((await core.getProject(PROJECT.toUpperCase())).id, project.id);
  assert.equal((await core.getProject(project.id)).name, PROJECT);
});

await test('projects: one that does not exist is nothing', async () => {
  assert.equal(await core.getProject('no-such-project'), null);
});

// Work items

const tracking = await test('the work item client finds its routes', () => devops.getWorkItemTrackingApi());

const item = await test('work items: create', async () => {
  const document = [
    { op: 'add', path: '/fields/System.Title', value: 'Repaint the lamp room' },
    { op: 'add', path: '/fields/System.Tags', value: 'paint; lamp' },
  ];
  const created = await tracking.createWorkItem(undefined, document, PROJECT, 'Task');
  assert.equal(created.rev, 1);
  assert.equal(created.fields['System.Title'], 'Repaint the lamp room');
  assert.equal(created.fields['System.TeamProject'], PROJECT);
  assert.equal(created.fields['System.CreatedBy'].uniqueName, ana.email);
  return created;
});

await test('work items: a type with a space in its name', async () => {
  const document = [{ op: 'add', path: '/fields/System.Title', value: 'As a keeper I want a quiet lamp' }];
  const created = await tracking.createWorkItem(undefined, document, PROJECT, 'User Story');
  assert.equal(created.fields['System.WorkItemType'], 'User Story');
});

await test('work items: get one, with everything', async () => {
  const read = await tracking.getWorkItem(item.id, undefined, undefined, WorkItemExpand.All);
  assert.equal(read.id, item.id);
  assert.ok(read._links);
});

await test('work items: get one, only some fields', async () => {
  const read = await tracking.getWorkItem(item.id, ['System.Title']);
  assert.deepEqual(Object.keys(read.fields), ['System.Title']);
});

await test('work items: get many, leaving out what is not there', async () => {
  const ids = [...Array(Math.min(item.id, 100)).keys()].map((index) => item.id - index);
  const read = await tracking.getWorkItems([...ids, 999_999], undefined, undefined, undefined, WorkItemErrorPolicy.Omit);
  const found = read.filter(Boolean);
  assert.ok(found.length > 5, `${found.length} work items: the sample data is there`);
  assert.ok(new Set(found.map((each) => each.fields['System.WorkItemType'])).size > 1, 'of several types');
});

await test('work items: a query finds them without their ids', async () => {
  const query = `SELECT [System.Id], [System.Title] FROM WorkItems
    WHERE [System.TeamProject] = @project AND [System.Tags] CONTAINS 'paint' AND [System.CreatedBy] = @me ORDER BY [System.ChangedDate] DESC`;
  const found = await tracking.queryByWiql({ query }, { project: PROJECT }, false, 5);
  assert.equal(found.workItems[0].id, item.id);
  assert.ok(found.asOf instanceof Date);
  assert.deepEqual(found.columns.map((column) => column.referenceName), ['System.Id', 'System.Title']);
  assert.equal(found.sortColumns[0].descending, true);
  const everywhere = await tracking.queryByWiql({ query: "SELECT [System.Id] FROM WorkItems WHERE [System.CreatedDate] <= @Today" });
  assert.ok(everywhere.workItems.length > found.workItems.length);
});

await test('work items: a query that cannot be read says where', async () => {
  const wrong = tracking.queryByWiql({ query: 'SELECT [Custom.Mood] FROM WorkItems' }, { project: PROJECT });
  await assert.rejects(wrong, (error) => error.statusCode === 400 && error.message.includes('TF51005') && error.message.includes('Custom.Mood'));
});

await test('work items: update counts the revision on', async () => {
  const document = [
    { op: 'test', path: '/rev', value: item.rev },
    { op: 'replace', path: '/fields/System.Title', value: 'Repaint the lamp room, white' },
  ];
  const updated = await tracking.updateWorkItem(undefined, document, item.id);
  assert.equal(updated.rev, item.rev + 1);
  assert.equal(updated.fields['System.Title'], 'Repaint the lamp room, white');
});

await test('work items: an update of an old revision is refused', async () => {
  const document = [
    { op: 'test', path: '/rev', value: item.rev },
    { op: 'replace', path: '/fields/System.Title', value: 'Repaint the lamp room, green' },
  ];
  await assert.rejects(tracking.updateWorkItem(undefined, document, item.id), { statusCode: 412 });
});

await test('work items: comments', async () => {
  const comment = await tracking.addComment({ text: 'White it is.' }, PROJECT, item.id);
  assert.ok(comment.id);
  const list = await tracking.getComments(PROJECT, item.id);
  assert.equal(list.totalCount, 1);
  assert.equal(list.comments[0].text, 'White it is.');
});

await test('work items: types with their states', async () => {
  const types = await tracking.getWorkItemTypes(PROJECT);
  assert.ok(types.some((type) => type.name === 'Bug'));
  assert.ok(types.every((type) => type.states.length > 1));
});

// Repositories

const git = await test('the git client finds its routes', () => devops.getGitApi());

const repository = await test('repositories: list and get', async () => {
  const repositories = await git.getRepositories(PROJECT);
  const expected = demo.repositories.filter((each) => each.project === PROJECT).map((each) => each.name);
  assert.deepEqual(repositories.map((each) => each.name).sort(), expected.sort());
  const found = await git.getRepository(repositories[0].name, PROJECT);
  assert.equal(found.id, repositories[0].id);
  assert.equal(found.project.name, PROJECT);
  return found;
});

const branch = await test('repositories: refs', async () => {
  const refs = await git.getRefs(repository.id, PROJECT, 'heads/');
  const found = refs.find((each) => each.name === repository.defaultBranch);
  assert.match(found.objectId, /^[0-9a-f]{40}$/);
  return found;
});

await test('repositories: items, and the text of one', async () => {
  const items = await git.getItems(repository.id, PROJECT, '/', VersionControlRecursionType.Full);
  const file = items.find((each) => !each.isFolder);
  assert.ok(file, 'a file');
  const content = await text(await git.getItemText(repository.id, file.path, PROJECT));
  assert.ok(content.length > 0);
  const withContent = await git.getItem(repository.id, file.path, PROJECT, undefined, undefined, true, undefined, false, undefined, true);
  assert.equal(withContent.content, content);
});

await test('repositories: commits', async () => {
  const commits = await git.getCommits(repository.id, { $top: 3 }, PROJECT);
  assert.equal(commits[0].commitId, branch.objectId);
  const commit = await git.getCommit(branch.objectId, repository.id, PROJECT);
  assert.equal(commit.commitId, branch.objectId);
  assert.ok(commit.author.date instanceof Date);
});

await test('repositories: commits as JSON, what they changed, and how far the branch is ahead', async () => {
  const name = 'refs/heads/news';
  const add = {
    changeType: VersionControlChangeType.Add,
    item: { path: '/NEWS.md' },
    newContent: { content: 'Brighter.\n', contentType: ItemContentType.RawText },
  };
  const body = { refUpdates: [{ name, oldObjectId: branch.objectId }], commits: [{ comment: 'Brighter', changes: [add] }] };
  const push = await git.createPush(body, repository.id, PROJECT);
  const [{ commitId }] = push.commits;
  assert.equal(push.refUpdates[0].newObjectId, commitId);
  const changes = await git.getChanges(commitId, repository.id, PROJECT);
  assert.equal(changes.changes[0].changeType, VersionControlChangeType.Add);
  assert.equal(changes.changes[0].item.path, '/NEWS.md');
  const counted = await git.getCommit(commitId, repository.id, PROJECT, 10);
  assert.equal(counted.changes.length, 1);
  const base = { version: branch.objectId, versionType: GitVersionType.Commit };
  const target = { version: 'news', versionType: GitVersionType.Branch };
  const diffs = await git.getCommitDiffs(repository.id, PROJECT, true, undefined, undefined, base, target);
  assert.deepEqual([diffs.aheadCount, diffs.behindCount, diffs.changes.length], [1, 0, 1]);
  await assert.rejects(git.createPush(body, repository.id, PROJECT), { statusCode: 409 });
});

await test('pull requests: proposed, changed, reviewed, given up', async () => {
  const proposal = { sourceRefName: 'refs/heads/news', targetRefName: repository.defaultBranch, title: 'News' };
  const made = await git.createPullRequest(proposal, repository.id, PROJECT);
  assert.equal(made.status, PullRequestStatus.Active);
  const changed = await git.updatePullRequest({ title: 'Brighter news' }, repository.id, made.pullRequestId, PROJECT);
  assert.equal(changed.title, 'Brighter news');
  const { authenticatedUser } = await devops.connect();
  const voted = await git.createPullRequestReviewer({ vote: 10 }, repository.id, made.pullRequestId, authenticatedUser.id, PROJECT);
  assert.equal(voted.vote, 10);
  const given = await git.updatePullRequest({ status: PullRequestStatus.Abandoned }, repository.id, made.pullRequestId, PROJECT);
  assert.equal(given.status, PullRequestStatus.Abandoned);
});

// Builds

const building = await test('the build client finds its routes', () => devops.getBuildApi());

const definition = await test('builds: definitions', async () => {
  const [found] = await building.getDefinitions(PROJECT);
  assert.equal((await building.getDefinition(PROJECT, found.id)).name, found.name);
  return found;
});

const failure = await test('builds: list those that failed', async () => {
  const builds = await building.getBuilds(
    PROJECT, undefined, undefined, undefined, undefined, undefined, undefined, undefined, BuildStatus.Completed, BuildResult.Failed,
  );
  assert.ok(builds.length > 0, 'the sample data has one that failed');
  assert.ok(builds.every((build) => build.result === BuildResult.Failed));
  return builds[0];
});

await test('builds: timeline of the failure names the failed task', async () => {
  const timeline = await building.getBuildTimeline(PROJECT, failure.id);
  assert.ok(timeline.records.some((record) => record.result === 2 && record.issues?.length > 0));
});

await test('builds: logs, as text and as lines', async () => {
  const [log] = await building.getBuildLogs(PROJECT, failure.id);
  const lines = await building.getBuildLogLines(PROJECT, failure.id, log.id);
  assert.equal(lines.length, log.lineCount);
  const whole = await text(await building.getBuildLog(PROJECT, failure.id, log.id));
  assert.equal(whole.trimEnd().split('\n').length, lines.length);
});

await test('builds: a CI queues one and reports its result', async () => {
  const queued = await building.queueBuild({ definition: { id: definition.id }, sourceBranch: 'refs/heads/main' }, PROJECT);
  assert.equal(queued.status, BuildStatus.NotStarted);
  await building.updateBuild({ status: BuildStatus.InProgress }, PROJECT, queued.id);
  await building.updateBuild({ status: BuildStatus.Completed, result: BuildResult.Succeeded }, PROJECT, queued.id);
  const read = await building.getBuild(PROJECT, queued.id);
  assert.equal(read.status, BuildStatus.Completed);
  assert.equal(read.result, BuildResult.Succeeded);
  assert.ok(read.finishTime instanceof Date);
});

// The end

await test('after the person revokes it every call is refused', async () => {
  await person.revokeAll(demo.https_origin);
  await assert.rejects(tracking.getWorkItem(item.id), { statusCode: 401 });
  await assert.rejects(core.getProjects(), { statusCode: 401 });
});

done();
