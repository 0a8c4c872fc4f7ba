// What the launcher wants to know of a run when it ends.

/** Whether a script was compiled and ran to its end: such a run has used most of the code that others will use. */
export const thisRun = { script: false };
