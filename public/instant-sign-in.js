// Beside the script in the instant sign-in page: where that one did not run, the whole sign-in page does everything.
if (!window.dingpassInstant) location.replace(document.querySelector('a').href + location.hash);
