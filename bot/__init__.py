"""The bot: hears commands, keeps every job in SQLite, lends it to the engine and delivers the sheet once. No torch.

The port to the platforms
    chat                            what an adapter implements, and what it may call
    command, grammar, arguments     a command read from a function; typed words; checked values
    completion, home                what may be typed next; a person's own page
    platforms, budget               adapters side by side; how often each may edit a message

From a word to an order
    app, received                   what is heard becomes a row, is acknowledged and answered
    answering, asked                one row answered; what a command or a button gets
    commands/, actions              what commands do, and what buttons do
    spoken                          words that name no command, as a prompt
    comparison_actions              those of comparisons
    style_actions                   those of trainings and styles
    ordering                        puts a grid into the line
    comparison_order                a comparison: its cost first, then Start
    training_order, proposals       a training likewise; what a Start button will start
    questions, scoring              short questions to the engine; any picture scored against a prompt
    preferences, adopted            what people and servers prefer, and the style that they adopted
    allowance, people               how much of the hour is used; who is who

The line, and the engine
    queue, line                     turns as SQL statements; one's place, the time and why
    lender                          lends in turn, and takes up what an earlier process left
    engine_client                   finds the engine, or starts one
    watch, training_watch           one lent job from its order to its ending
    keeping                         brings its pictures from the engine to the disk

What is kept
    history, migrations, disk       the database; how it came to look so; a disk that is full
    jobs, trainings, pictures       rows and files
    deliveries, grids, words        posted messages; a person's own grids; the words that a search finds them by
    upkeep, export                  what is pruned; a person's data as files

What is told
    teller, heading                 a job's own message, and its first line
    courier, delivery, posting      posts the result, once and only once; and again from the history
    ladder, largest                 the largest sheet that a destination takes
    prints                          a sheet's pictures, made smaller while others are still painted
    result, grid_sheet, showing     a grid: its message, its sheet, brought back
    recipes, thumbnails             how to make it again; small in the history
    comparison, compared            a comparison: its data and its words
    comparison_sheet                its sheet
    comparison_result               its message
    comparison_showing              brought back
    trained, training_result        a training: its words and its message
    training_pictures               its curve and its samples
    styles, style_card              a style: its words and its message

Everywhere
    parts                           what all of these share, joined in __main__
    settings, errors                settings as a table; what can go wrong, as a tree
    texts, numbers                  sentences; what /metrics shows
"""
