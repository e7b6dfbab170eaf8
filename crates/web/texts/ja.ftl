# どのサイトにもある文言。キーは「web-」で始める。
web-skip = 本文へ進む
web-demo = このサイトは見本です。
web-demo-more = 実在の行政サービスではありません。
web-languages = 言語
web-title-error = エラー：
web-title-step = ステップ{ $step }／{ $steps }
web-back = 戻る
web-back-label = 前の画面
web-receipt = 受付番号：
web-footer = 縁（Enishi）は、属性連携のしくみを公開された標準で作った見本です。
web-accessibility = アクセシビリティ
web-status = 稼働状況・メンテナンス情報
web-licences = ライセンス

web-steps = 手続きの流れ（全5ステップ）
web-step-1 = 同意
web-step-2 = 本人確認
web-step-3 = 連携内容の確認
web-step-4 = 連携先での手続き
web-step-5 = 完了
web-step-done = （済み）

web-errors = 入力内容を確認してください
web-required = ※必須
web-optional = ※任意
web-error-mark = ＊
web-show-pin = 暗証番号を表示する
web-change = 変更<span class="en-hide">（{ $what }）</span>
web-copy = コピーする
web-copied = コピーしました
web-icon-success = 完了
web-icon-error = エラー
web-icon-warning = 注意
web-icon-info = お知らせ

web-session-title = まもなく手続きの時間が切れます
web-session-text = 操作がないまま5分たつと、この手続きは終了します。続けるときは、ボタンを押してください。
web-session-extend = 手続きを続ける

web-error-again = 元の画面に戻る
web-error-home = トップへ戻る
web-error-not-found-title = ページが見つかりません
web-error-not-found-text = アドレスが正しいかを確認してください。ページが移動したか、なくなった可能性があります。
web-error-method-title = この操作はできません
web-error-method-text = このアドレスは、その方法では開けません。元の画面からやり直してください。
web-error-bad-form-title = 送信された内容を読み取れませんでした
web-error-bad-form-text = 元の画面に戻り、もう一度送信してください。ここまでの手続きは失われていません。
web-error-stale-form-title = 画面の有効期限が切れました
web-error-stale-form-text = 安全のため、送信された内容は受け付けませんでした。元の画面に戻り、もう一度ボタンを押してください。ここまでの手続きは失われていません。ブラウザーのCookieを無効にしているときは、有効にしてください。
web-error-forbidden-title = この操作をする権限がありません
web-error-forbidden-text = この操作ができる人に依頼するか、権限の変更を依頼してください。何も変更されていません。
web-error-too-large-title = 送信された内容が大きすぎます
web-error-too-large-text = 元の画面に戻り、内容を減らしてから送信してください。
web-error-timeout-title = 時間内に処理が終わりませんでした
web-error-timeout-text = 混み合っている可能性があります。少し待ってから、元の画面からやり直してください。
web-error-fault-title = 処理中に問題が発生しました
web-error-fault-text = このサービスの側の問題です。少し待ってから、元の画面からやり直してください。続くときは、受付番号を添えてお問い合わせください。

web-licences-own = このサービスのプログラムは、Apache License 2.0 または MIT License で提供しています。
web-licences-tokens = デジタル庁デザインシステムのデザイントークン
web-licences-tokens-text = 色や文字の大きさなどに @digital-go-jp/design-tokens 1.1.9 を使っています。デジタル庁が作成したサイトではありません。
web-licences-font = PDFの書体
web-licences-font-text = PDFの文字には Noto Sans CJK JP 2.004（© 2014-2021 Adobe）の一部を使っています。

web-accessibility-aim = WCAG 2.2 のレベルAAを目標に作っています（JIS X 8341-3:2016 のレベルAAの達成基準を含みます）。対応度は「配慮」です。
web-accessibility-built = 作り方
web-accessibility-built-1 = すべての操作は、JavaScriptがなくても、キーボードだけでもできます。
web-accessibility-built-2 = 文字を200%まで大きくしても、幅320ピクセルの画面でも、横に動かさずに読めます。
web-accessibility-built-3 = 色だけで状態を表しません。暗い配色、ハイコントラスト、動きを減らす設定に従います。
web-accessibility-tested = 確かめ方
web-accessibility-tested-1 = 自動検査（axe-core）を、日本語と英語、スマートフォンとパソコンの幅で行います。
web-accessibility-tested-2 = すべての画面を、両方の言語で機械的に生成し、見出し・ラベル・言語の指定を確かめます。
web-accessibility-untested = まだ確かめていないこと
web-accessibility-untested-text = スクリーンリーダー（NVDA、VoiceOverなど）と実際のカードリーダーによる人の手での試験は、まだ行っていません。
