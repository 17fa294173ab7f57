// The Explorer's page. A path is a list of indices: of the initial state, then of an action among
// those of each state. It stands in the address, so links and the browser's back button work.
'use strict';

const spec = JSON.parse(document.getElementById('spec').textContent);
const GROUPS = [
  ['deliver', 'Deliver'], ['timer', 'Timers'], ['choice', 'Choices'], ['fault', 'Faults'],
];
const START = [0];

// What the server answered, by path.
const answers = new Map();
// Settled once the server is done with the last request. It is asked one thing at a time: of
// several connections at once it may forget one.
let latest = Promise.resolve();
// The states that came by, by their fingerprints, and where a claim was first seen broken or a fact
// reached.
const seen = new Set();
const firstBroken = new Map();
const firstReached = new Map();
// The path that is shown, the longest one that it is the beginning of, and the chosen action.
let shown = START;
let longest = START;
let chosen = 0;
// How often the address has changed: of two answers only the later is shown.
let visits = 0;

const byId = (id) => document.getElementById(id);
const link = (path) => '#/steps/' + path.join('/');
const many = (count, one, several) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`;
const begins = (path, other) => path.every((index, at) => other[at] === index);

// An element with these attributes and children; text is text, never markup.
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, attributes);
  element.append(...children);
  return element;
}

// The steps that the server offers behind a path, or what is wrong with it.
function steps(path) {
  const key = path.map((index) => '/' + index).join('');
  if (!answers.has(key)) {
    const answer = latest.then(() => load(key, path));
    // What went wrong may go well the next time.
    latest = answer.then(() => {}, () => answers.delete(key));
    answers.set(key, answer);
  }
  return answers.get(key);
}

async function load(key, path) {
  let response;
  try {
    response = await fetch('/.states' + key);
  } catch {
    throw new Error('The Explorer does not answer. Is `quorate explore` still running?');
  }
  if (!response.ok) {
    throw new Error(await response.text());
  }
  const list = await response.json();
  for (const step of list) {
    step.view = path.length === 0
      ? { does: [], state: spec.initial } : JSON.parse(step.outcome || 'null');
    if (step.view) {
      remember([...path, step.actionIndex], step);
    }
  }
  return list;
}

function remember(path, step) {
  seen.add(step.fingerprint);
  for (const claim of step.view.state.claims) {
    const first = claim.kind === 'always' ? firstBroken : firstReached;
    if (claim.holds === (claim.kind === 'reachable') && !first.has(claim.name)) {
      first.set(claim.name, path);
    }
  }
}

// The path in the address; null if there is none of numbers.
function addressed() {
  const parts = location.hash.replace(/^#\/?/, '').split('?')[0].split('/').filter((part) => part);
  if (parts.length === 0 || (parts.length === 1 && parts[0] === 'steps')) {
    return START;
  }
  const indices = parts.slice(1);
  const isPath = parts[0] === 'steps' && indices.every((part) => /^\d+$/.test(part));
  return isPath ? indices.map(Number) : null;
}

// The steps of a path as far as the model has it, and why it ends there.
async function walk(path) {
  const taken = [];
  for (const [at, index] of path.entries()) {
    const offered = await steps(path.slice(0, at));
    const step = offered.find((step) => step.actionIndex === index);
    if (!step) {
      const last = offered.length - 1;
      const has = last < 0 ? 'nothing can happen there' : `the actions there are 0 to ${last}`;
      return { taken, missing: `step ${at} is action ${index}, but ${has}` };
    }
    if (!step.view) {
      return { taken, missing: `step ${at}, ${step.action}, changes nothing` };
    }
    taken.push(step);
  }
  return { taken, missing: null };
}

async function visit() {
  const visit = ++visits;
  try {
    const path = addressed();
    const { taken, missing } = await walk(path || START);
    if (taken.length === 0) {
      taken.push((await steps([]))[0]);
    }
    const here = (path || START).slice(0, taken.length).map((index, at) => (at === 0 ? 0 : index));
    const next = await steps(here);
    if (!begins(here, longest)) {
      longest = here;
    }
    const later = (await walk(longest)).taken.slice(taken.length);
    if (visit === visits) {
      shown = here;
      const wrong = path ? missing : `${location.hash} is not of the form #/steps/0/1/2`;
      trouble(wrong
        && `This model has no such path: ${wrong}. Shown is the last state that there is.`);
      render(taken, later, next);
    }
  } catch (error) {
    if (visit === visits) {
      trouble(error.message);
    }
  }
}

function trouble(text) {
  byId('trouble').hidden = !text;
  byId('trouble').textContent = text || '';
}

function render(taken, later, next) {
  const step = taken[taken.length - 1];
  const before = taken.length > 1 ? taken[taken.length - 2].view.state : null;
  const { state, does } = step.view;
  renderVerdict();
  renderNext(state, next);
  renderPath(taken, later);
  renderClaims(state);
  const number = taken.length - 1;
  byId('step').textContent = number === 0
    ? 'The initial state' : `What step ${number} did: ${step.action}`;
  byId('step').title = byId('step').textContent;
  byId('does').replaceChildren(...does.map((line) => el('li', {}, line)));
  renderFlying(state, before);
  renderActors(state, before);
  renderProperties(state);
  renderGhost(state, before, step.state);
  byId('diagram').innerHTML = step.svg || '';
  document.title = `${spec.name}, step ${number}`;
}

function renderHead() {
  byId('name').textContent = spec.name;
  byId('summary').textContent = spec.summary;
  byId('bounds').append(el('b', {}, 'Bounds: '), spec.bounds.join(', '));
}

// What is on record, and what has been seen of it.
function renderVerdict() {
  const expected = spec.properties.filter((property) => property.violation_expected);
  const names = (list) => list.map((property) => property.name).join(', ');
  const verdict = expected.length > 0
    ? `violated (${names(expected)})` : spec.directed ? 'holds (directed)' : 'holds';
  const counts = spec.counts
    ? `on record: ${many(spec.counts.states, 'state', 'states')}, `
      + many(spec.counts.transitions, 'transition', 'transitions')
    : 'no counts are on record';
  const parts = [el('b', {}, 'Expected: '), `${verdict}; ${counts}. `, el('b', {}, 'Seen here: ')];
  parts.push(`${many(seen.size, 'state', 'states')}, `);
  if (firstBroken.size === 0) {
    parts.push('none of which breaks a claim.');
  }
  for (const [name, path] of firstBroken) {
    parts.push(el('span', { className: 'bad' }, `${name} broken`), ' ',
      el('a', { href: link(path) }, `in step ${path.length - 1}`), '. ');
  }
  byId('verdict').replaceChildren(...parts);
}

function renderNext(state, next) {
  const broken = brokenIn(state);
  const possible = next.filter((step) => step.view);
  const parts = [];
  const buttons = [];
  for (const [group, title] of GROUPS) {
    const steps = possible.filter((step) => step.view.group === group);
    if (steps.length > 0) {
      parts.push(el('h3', {}, `${title} (${steps.length})`));
    }
    for (const step of steps) {
      const breaks = brokenIn(step.view.state).filter((name) => !broken.includes(name));
      const path = [...shown, step.actionIndex];
      const button = el('button', { type: 'button', onclick: () => go(path) }, step.action);
      if (breaks.length > 0) {
        button.append(el('em', {}, ` breaks ${breaks.join(', ')}`));
      }
      button.dataset.index = step.actionIndex;
      buttons.push(button);
      parts.push(button);
    }
  }
  const idle = next.filter((step) => !step.view);
  if (possible.length === 0) {
    parts.push(el('p', { className: 'mute' }, 'Nothing more can happen here.'));
  }
  if (idle.length > 0) {
    parts.push(el('h3', {}, `Without effect (${idle.length})`));
    parts.push(...idle.map((step) => el('p', { className: 'mute' }, step.action)));
  }
  byId('next').replaceChildren(...parts);
  const wanted = String(longest[shown.length]);
  choose(Math.max(0, buttons.findIndex((button) => button.dataset.index === wanted)));
}

function brokenIn(state) {
  return state.claims.filter((claim) => claim.kind === 'always' && !claim.holds).map((c) => c.name);
}

function choose(index) {
  const buttons = [...byId('next').querySelectorAll('button')];
  chosen = Math.min(Math.max(index, 0), buttons.length - 1);
  buttons.forEach((button, at) => button.classList.toggle('chosen', at === chosen));
  buttons[chosen]?.scrollIntoView({ block: 'nearest' });
}

function renderPath(taken, later) {
  const items = [...taken, ...later].map((step, at) => {
    const text = at === 0 ? '0  the initial state' : `${at}  ${step.action}`;
    const className = at === taken.length - 1 ? 'here' : at < taken.length ? '' : 'later';
    return el('li', { className }, el('a', { href: link(longest.slice(0, at + 1)) }, text));
  });
  byId('path').replaceChildren(...items);
  items[taken.length - 1].scrollIntoView({ block: 'nearest' });
}

function renderClaims(state) {
  const names = (claims) => claims.map((claim) => claim.name).join(', ') || 'none';
  const of = (kind, holds) => state.claims.filter((c) => c.kind === kind && c.holds === holds);
  const broken = of('always', false);
  const lines = [
    ['Broken in this state', broken, broken.length > 0 ? 'bad' : ''],
    ['Hold in this state', of('always', true), 'good'],
    ['Reached in this state', of('reachable', true), 'good'],
  ];
  byId('claims').classList.toggle('broken', broken.length > 0);
  byId('claims').replaceChildren(...lines.map(([title, claims, className]) =>
    el('p', {}, el('span', { className }, `${title}: `), names(claims))));
  const ofRuns = spec.properties.filter((property) => property.temporal);
  if (ofRuns.length > 0) {
    byId('claims').append(el('p', { className: 'mute' },
      `Of runs, so no state decides them: ${names(ofRuns)}`));
  }
  if (state.fault) {
    byId('claims').append(el('p', { className: 'bad' }, `A handler failed: ${state.fault}`));
  }
}

function renderFlying(state, before) {
  byId('flying').textContent = `In flight (${state.in_flight.length})`;
  const isNew = (text) => before && !before.in_flight.includes(text);
  byId('in-flight').replaceChildren(...state.in_flight.map((text) =>
    el('li', {}, el('span', { className: isNew(text) ? 'changed' : '' }, text))));
}

// A table of the servers and one of the clients, a column for each field in which one of them has
// something, now or in the state before.
function renderActors(state, before) {
  const tables = [['Server', true], ['Client', false]].map(([title, server]) => {
    const actors = state.actors.map((actor, at) => [actor, before?.actors[at]])
      .filter(([actor]) => actor.server === server);
    const isEmpty = (text) => ['{}', '[]', '', 'None', '0'].includes(text);
    const columns = [...new Set(actors.flatMap(([actor]) => actor.fields.map(([name]) => name)))]
      .filter((name) => actors.flat().some((actor) => actor && !isEmpty(field(actor, name))));
    const head = [title, ...columns.map((name) => name || 'state'), 'timers set'];
    const rows = actors.map(([actor, was]) => el('tr', { className: actor.down ? 'down' : '' },
      actorHead(actor, was),
      ...columns.map((name) => cell(field(actor, name), was && field(was, name))),
      cell(actor.pending.join(', '), was?.pending.join(', '))));
    return rows.length === 0 ? '' : el('table', {},
      el('thead', {}, el('tr', {}, ...head.map((name) => el('th', {}, ...breakable(name))))),
      el('tbody', {}, ...rows));
  });
  byId('actors').replaceChildren(...tables);
}

function actorHead(actor, was) {
  const changed = was && (was.down !== actor.down || was.kind !== actor.kind);
  const head = el('th', { className: changed ? 'changed' : '' }, actor.name);
  head.append(el('span', {}, actor.down || actor.kind));
  return head;
}

const field = (actor, name) => (actor.fields.find(([other]) => other === name) || ['', ''])[1];

// A value, marked if it was another before.
function cell(value, was) {
  const changed = was !== undefined && was !== null && was !== value;
  const title = changed ? `was: ${was}` : '';
  const text = el('div', {}, ...breakable(value));
  return el('td', { className: changed ? 'changed' : '', title }, text);
}

// A line may end behind a dot.
function breakable(text) {
  return text.split(/(?<=\.)/).flatMap((part, at) => (at === 0 ? [part] : [el('wbr', {}), part]));
}

function renderProperties(state) {
  const here = new Map(state.claims.map((claim) => [claim.name, claim.holds]));
  const rows = spec.properties.map(({ name, kind, temporal, violation_expected }) => {
    const first = kind === 'always' ? firstBroken.get(name) : firstReached.get(name);
    const word = kind === 'always' ? 'broken' : 'reached';
    const answer = temporal ? 'no state decides it' : kind === 'always'
      ? (here.get(name) ? 'holds' : 'broken') : (here.get(name) ? 'reached' : 'not reached');
    const shown = first ? el('a', { href: link(first) }, `${word} in step ${first.length - 1}`)
      : temporal ? '' : `not ${word}`;
    return el('tr', {}, el('th', {}, name), el('td', {}, kind), el('td', {}, answer),
      el('td', {}, shown), el('td', {}, violation_expected ? 'violation expected' : ''));
  });
  const titles = ['claim', 'kind', 'here', 'in the states seen', ''];
  const head = titles.map((name) => el('th', {}, name));
  byId('properties').lastElementChild.replaceChildren(
    el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows)));
}

// The budgets, the ghost, and the whole state in the words of its own.
function renderGhost(state, before, text) {
  const rows = state.budgets.map(({ name, spent, of }) => [name, `${spent} of ${of} spent`]);
  const olds = before?.budgets.map(({ spent, of }) => `${spent} of ${of} spent`);
  if (state.calm !== null) {
    const [name, count] = state.calm;
    rows.push([`${name} on time since the last fault`, String(count)]);
    olds?.push(String(before.calm[1]));
  }
  if (state.cuts.length > 0 || before?.cuts.length > 0) {
    rows.push(['cut', state.cuts.join('; ') || 'nothing']);
    olds?.push(before.cuts.join('; ') || 'nothing');
  }
  const was = new Map(before?.ghost);
  const table = el('table', {}, el('tbody', {},
    ...rows.map(([name, value], at) => el('tr', {}, el('th', {}, name), cell(value, olds?.[at]))),
    ...state.ghost.map(([name, value]) =>
      el('tr', {}, el('th', {}, name || 'ghost'), cell(value, was.get(name))))));
  byId('ghost').lastElementChild.replaceChildren(table, el('pre', {}, text));
}

function go(path) {
  location.hash = link(path);
}

const take = () => byId('next').querySelectorAll('button')[chosen]?.click();
const back = () => shown.length > 1 && go(shown.slice(0, -1));

const KEYS = {
  ArrowUp: () => choose(chosen - 1),
  ArrowDown: () => choose(chosen + 1),
  Enter: take,
  ArrowRight: take,
  Backspace: back,
  ArrowLeft: back,
  Home: () => go(START),
  End: () => go(longest),
};

addEventListener('keydown', (event) => {
  const key = KEYS[event.key];
  // Enter on what has the focus is for the browser.
  const own = event.key === 'Enter' && event.target.closest('a, button, summary');
  if (key && !own && !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    key();
  }
});
addEventListener('hashchange', visit);
renderHead();
visit();
