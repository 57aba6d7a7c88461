export const conversationTexts = {
  length: (turns: number) => `A conversation of ${turns} turns`,
  turn: (title: string) => `Turn: ${title}`,
  inList: (turns: number) => `${turns} turns`,
  followUp: 'Follow-up',
  followUpLabel: 'Ask a follow-up',
  placeholder: 'Ask a follow-up…',
  send: 'Ask',
  busy: 'You can send this as soon as the answer is there.',
} as const;

export const feedbackTexts = {
  region: 'Feedback',
  question: 'Is this answer right?',
  verdicts: { Good: 'Good', Bad: 'Bad', Corrected: 'Correct it' },
  acts: { Good: 'This answer is good', Bad: 'This answer is bad', Corrected: 'Correct this answer' },
  takeBackAct: { Good: 'Take back that this answer is good', Bad: 'Take back that this answer is bad' },
  asks: {
    Bad: 'What is wrong with it? (optional)',
    Corrected: 'What should the answer have been? Follow-ups go on from your text.',
  },
  said: {
    Good: (member: string) => `${member} finds this answer good`,
    Bad: (member: string) => `${member} finds this answer bad`,
    Corrected: (member: string) => `Corrected by ${member}`,
  },
  save: 'Save',
  takeBack: 'Take it back',
} as const;
