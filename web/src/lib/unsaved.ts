import { beforeNavigate, goto } from '$app/navigation';
import type { Questions } from './questions.svelte.ts';
import { texts } from './texts.ts';

/** Asks before somebody leaves a screen on which something is not saved. To be called while a component is made. */
export function guardUnsaved(questions: Questions, hasUnsaved: () => boolean): void {
  let mayLeave = false;
  beforeNavigate((navigation) => {
    const { from, to, willUnload } = navigation;
    if (mayLeave || to?.url.pathname === from?.url.pathname || !hasUnsaved()) return;
    navigation.cancel();
    // The browser itself asks then.
    if (willUnload || !to) return;
    const { title, hint: text, act } = texts.unsaved;
    void questions.ask({ title, text, act }).then(async (isSure) => {
      if (!isSure) return;
      mayLeave = true;
      if (navigation.type === 'popstate') history.go(navigation.delta);
      else await goto(to.url);
    });
  });
}
