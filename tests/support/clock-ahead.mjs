// Preloaded into an app (NODE_OPTIONS=--import=…) whose wall clock is to be ahead by TEST_CLOCK_AHEAD_MS.
const now = Date.now;
const ahead = Number(process.env.TEST_CLOCK_AHEAD_MS);
Date.now = () => now() + ahead;
