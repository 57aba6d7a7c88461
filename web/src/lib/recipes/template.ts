import { texts } from '../texts.ts';

/** What a new recipe begins with: something that can be saved and started. */
export const recipeTemplate = `# ${texts.recipes.template.comment}
name: my_recipe
description: ${texts.recipes.template.description}
inputs:
  question: { type: text, default: ${texts.recipes.template.question} }
steps:
  - id: answer
    skill: reason
    input:
      question: "{{inputs.question}}"
  - id: output
    output: "{{steps.answer.text}}"
`;
