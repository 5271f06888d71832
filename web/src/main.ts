import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/es/components/base/style/css'
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/notification/style/css'
import App from './App.vue'
import { i18n, markDocument } from './i18n'
import { router } from './router'
import './style.css'

markDocument()
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
