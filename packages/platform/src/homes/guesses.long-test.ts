import { testGuesses } from './fixtures/guess-trials.ts';

testGuesses(10_000);
