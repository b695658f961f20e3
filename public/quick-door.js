// Beside the script in the quick door's page: where that one did not run, the whole sign-in page does everything.
if (!window.dingpassQuick) location.replace(document.querySelector('a').href + location.hash);
