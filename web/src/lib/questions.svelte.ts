/** What somebody is asked before something that cannot be undone. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says that goes on. */
  readonly act: string;
}

interface Open extends Question {
  readonly answer: (isYes: boolean) => void;
}

/** Asks for confirmation, one question at a time. */
export class Questions {
  open: Open | undefined = $state.raw();

  /** Resolves with whether the person wants to go on. */
  ask(question: Question): Promise<boolean> {
    this.open?.answer(false);
    return new Promise((resolve) => {
      this.open = {
        ...question,
        answer: (isYes) => {
          this.open = undefined;
          resolve(isYes);
        },
      };
    });
  }
}
