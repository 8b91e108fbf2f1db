/** One call for each frame that something is to be drawn in, however often it was asked for. */

/** Counts the frames that were drawn, for tests and for whoever is curious. */
export const drawn = { frames: 0, longest: 0 };

/** @param {() => void} draw @returns {() => void} asks for it */
export function onFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      const start = performance.now();
      draw();
      drawn.frames += 1;
      drawn.longest = Math.max(drawn.longest, performance.now() - start);
    });
  };
}
