import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { problemDetails, problemKey } from './problem-text.ts';

function problem(status: number, code: number, deviceError?: number): ApiProblem {
  return new ApiProblem({ type: 'x', title: 'x', status, detail: 'why', code, name: 'NAME', retryable: false, deviceError });
}

test('what the device said counts more than what the platform made of it', () => {
  assert.equal(problemKey(problem(409, 1006, 1012)), 'problem.private');
});

test('no answer at all is about the platform, not the camera', () => {
  assert.equal(problemKey(ApiProblem.unreachable(new TypeError('fetch failed'))), 'problem.unreachable');
});

test('a code without a sentence of its own is told by its status', () => {
  assert.equal(problemKey(problem(403, 1002)), 'problem.forbidden');
  assert.equal(problemKey(problem(404, 1801)), 'problem.gone');
  assert.equal(problemKey(problem(500, -32603)), 'problem.unexpected');
});

test('codes stand in the details only', () => {
  assert.equal(problemDetails(problem(409, 1004)), 'NAME (1004), HTTP 409: why');
});
