/**
 * A dialog that is a column beside the device where there is room, and a sheet above the page where there is not.
 *
 * @param {HTMLDialogElement} dialog
 * @param {{ roomy: string, openAtFirst: boolean, onToggle?: (isOpen: boolean) => void }} options `roomy` a media query
 */
export function createPanel(dialog, { roomy, openAtFirst, onToggle = () => {} }) {
  const room = window.matchMedia(roomy);

  function settle(isOpen) {
    dialog.close();
    dialog.classList.toggle('is-column', room.matches);
    if (isOpen && room.matches) dialog.setAttribute('open', '');
    else if (isOpen) dialog.showModal();
    onToggle(isOpen);
  }

  room.addEventListener('change', () => settle(room.matches && openAtFirst));
  // The event comes late: a sheet may have become a column meanwhile.
  dialog.addEventListener('close', () => onToggle(dialog.open));
  dialog.addEventListener('click', (event) => {
    // A click beside the sheet lands on the dialog itself: its content covers all of its box.
    if (event.target === dialog && !dialog.classList.contains('is-column')) dialog.close();
  });
  settle(room.matches && openAtFirst);

  return {
    toggle: () => settle(!dialog.open),
    /** Brings it before the reader, whether it was open or not. */
    show() {
      settle(true);
      // A sheet has the focus already, and a field would bring up a phone's keyboard.
      if (room.matches) dialog.querySelector('input')?.focus();
    },
    /** Closes what covers the page; a column stays. */
    closeSheet: () => {
      if (!dialog.classList.contains('is-column')) dialog.close();
    },
  };
}
