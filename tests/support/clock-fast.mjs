// Preloaded into an app (NODE_OPTIONS=--import=…) for which a second of the clock that nobody sets is to be a minute.
const now = performance.now.bind(performance);
performance.now = () => now() * 60;
