/** What a browser knows about its connection and its sleep. */

/** A timer that is this late tells that the machine slept, in milliseconds. */
const lateness = 10_000;
const interval = 5_000;

/**
 * Calls `online`, `offline`, and `wake` when the tab is looked at again or the machine slept.
 *
 * Where there is no window nothing is watched, so that nothing keeps a Node process alive.
 * @param {{online: () => void, offline: () => void, wake: () => void}} handlers
 * @returns {() => void} stops watching
 */
export function watchBrowser({ online, offline, wake }) {
  const { window, document } = globalThis;
  if (typeof window?.addEventListener !== "function") return () => {};
  const seen = () => {
    if (document?.visibilityState !== "hidden") wake();
  };
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > interval + lateness) wake();
    last = now;
  }, interval);
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  window.addEventListener("pageshow", seen);
  document?.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    window.removeEventListener("pageshow", seen);
    document?.removeEventListener("visibilitychange", seen);
  };
}
