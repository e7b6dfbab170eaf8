import { test } from 'node:test';
import { suite, soundness } from '/work/main/e2e/lib/suite.js';
import { go, returned, citizen } from '/work/main/e2e/lib/citizen.js';
const world = suite(import.meta.url);
test('nojs', () => world.visit({ js:false, lang:'en' }, async (v) => { await go(v, citizen(world.demo,'emma'), 'portal/consent'); await v.act('refuse'); await returned(v,'consent_denied'); await v.back(); await v.reload(); console.log(v.trail.join(' > ')); }));
test('nowhere', () => world.visit({ }, async (v) => { await go(v, citizen(world.demo,'emma'), 'portal/identify'); }));
soundness(world);
